import { setImmediate } from 'node:timers'
import type { Connection } from './connection.ts'
import { fieldOf, type Head, HttpReader } from './http-reader.ts'
import { faultOf, NetFault } from './net-fault.ts'
import type { Deadline } from './socket.ts'

export interface Exchange {
  url: URL
  /** The request, encoded. */
  wire: Uint8Array
  request: { maxBytes: number; whenLonger?: 'refuse' | 'cut' }
  deadline: Deadline
}

export interface Answer {
  status: number
  /** Decoded only when asked for, because most callers look only at the status. */
  readonly headers: Headers
  bytes: Uint8Array
  isCut: boolean
}

/**
 * Sends one request over a connection and reads its answer. Then it gives the connection to `keep`, or closes it if
 * it cannot serve another exchange. Throws NetFault.
 */
export async function converse(
  connection: Connection,
  { url, wire, request, deadline }: Exchange,
  keep?: (connection: Connection) => void,
): Promise<Answer> {
  deadline.stop = () => connection.close()
  let isKept = false
  try {
    connection.send(wire)
    const reader = new HttpReader(connection)
    const head = await reader.head()
    if (!/^(identity)?$/i.test(fieldOf(head, 'content-encoding') ?? ''))
      throw new NetFault('not_http', 'The answer is compressed, which was not asked for.')
    const { bytes, isCut, isDelimited } = await reader.body(head, request.maxBytes)
    if (isCut && request.whenLonger !== 'cut')
      throw new NetFault('too_large', `The answer is longer than ${request.maxBytes} bytes.`)
    // Bytes that are left over would be read as the beginning of another request's answer.
    if (keep && !isCut && isDelimited && isPersistent(head) && !reader.hasMore) {
      await nextTurn()
      isKept = connection.isQuiet
    }
    return answerOf(head, bytes, isCut)
  } catch (thrown) {
    throw thrown instanceof NetFault ? thrown : faultOf(url, thrown)
  } finally {
    if (isKept && keep && !deadline.isOver) keep(connection)
    else connection.close()
  }
}

let turn: Promise<void> | undefined

/** Resolves after one turn of the event loop. By then, everything that has arrived by now is read. */
function nextTurn(): Promise<void> {
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined
      resolve()
    })
  })
  return turn
}

function isPersistent(head: Head): boolean {
  return head.isModern && !/(^|[,\s])close([,\s]|$)/i.test(fieldOf(head, 'connection') ?? '')
}

function answerOf({ status, fields }: Head, bytes: Uint8Array, isCut: boolean): Answer {
  let headers: Headers | undefined
  return {
    status,
    get headers() {
      headers ??= new Headers(fields)
      return headers
    },
    bytes,
    isCut,
  }
}
