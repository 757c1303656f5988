import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { NetFault } from './net-fault.ts'

/** The first line and the headers, together. */
const mostHeadBytes = 32_768

export interface Head {
  status: number
  headers: Headers
}

/** Reads one HTTP/1.1 answer off a socket, never holding more of it than was asked for. */
export class HttpReader {
  private readonly chunks: AsyncIterator<Buffer>
  private held: Buffer = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.chunks = socket[Symbol.asyncIterator]()
  }

  async head(): Promise<Head> {
    for (;;) {
      const [statusLine = '', ...lines] = (await this.until('\r\n\r\n', mostHeadBytes)).split('\r\n')
      const status = Number(/^HTTP\/1\.[01] ([1-5]\d\d)(?: |$)/.exec(statusLine)?.[1])
      if (!status || status === 101) throw notHttp()
      const headers = new Headers()
      for (const line of lines) {
        const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
        if (name === undefined || value === undefined || /[\0\r\n]/.test(value)) throw notHttp()
        headers.append(name, value)
      }
      // 100 Continue, 103 Early Hints: the answer itself is still to come.
      if (status >= 200) return { status, headers }
    }
  }

  /** The body, up to `most` bytes; null stands for "there is more". */
  async body({ status, headers }: Head, most: number): Promise<{ bytes: Uint8Array; isCut: boolean }> {
    if (status === 204 || status === 304) return { bytes: Buffer.alloc(0), isCut: false }
    const coding = headers.get('transfer-encoding')
    if (coding !== null && coding.toLowerCase() !== 'chunked') throw notHttp()
    if (coding !== null) return this.chunked(most)
    const length = headers.get('content-length')
    if (length !== null && !/^\d{1,15}$/.test(length)) throw notHttp()
    const wanted = length === null ? Number.POSITIVE_INFINITY : Number(length)
    const bytes = await this.take(Math.min(wanted, most), length === null)
    if (wanted <= most) return { bytes, isCut: false }
    return { bytes, isCut: length !== null || this.held.length > 0 || (await this.more()) }
  }

  private async chunked(most: number): Promise<{ bytes: Uint8Array; isCut: boolean }> {
    const parts: Uint8Array[] = []
    let total = 0
    for (;;) {
      const size = Number.parseInt(
        /^([\da-f]{1,8})(?:[ \t]*;.*)?$/i.exec(await this.until('\r\n', 1_024))?.[1] ?? '',
        16,
      )
      if (Number.isNaN(size)) throw notHttp()
      if (size === 0) return { bytes: Buffer.concat(parts), isCut: false }
      const part = await this.take(Math.min(size, most - total), false)
      parts.push(part)
      total += part.length
      if (part.length < size) return { bytes: Buffer.concat(parts), isCut: true }
      if ((await this.until('\r\n', 2)) !== '') throw notHttp()
    }
  }

  /** Text up to a mark, which is read and left out. */
  private async until(mark: string, most: number): Promise<string> {
    // What was searched is not searched again: a server may send a byte at a time.
    for (let from = 0; ; ) {
      const end = this.held.indexOf(mark, from, 'latin1')
      if (end > most || (end < 0 && this.held.length > most + mark.length)) throw notHttp()
      if (end >= 0) {
        const text = this.held.toString('latin1', 0, end)
        this.held = this.held.subarray(end + mark.length)
        return text
      }
      from = Math.max(0, this.held.length - mark.length)
      if (!(await this.more())) throw ended()
    }
  }

  private async take(count: number, mayEnd: boolean): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    let missing = count
    while (missing > 0) {
      if (this.held.length === 0 && !(await this.more())) {
        if (mayEnd) break
        throw ended()
      }
      const part = this.held.subarray(0, missing)
      this.held = this.held.subarray(part.length)
      parts.push(part)
      missing -= part.length
    }
    return Buffer.concat(parts)
  }

  private async more(): Promise<boolean> {
    const { value, done } = await this.chunks.next()
    if (done) return false
    this.held =
      this.held.length === 0
        ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
        : Buffer.concat([this.held, value])
    return true
  }
}

function notHttp(): NetFault {
  return new NetFault('not_http', 'The answer cannot be read as HTTP.')
}

function ended(): NetFault {
  return new NetFault('unreachable', 'The connection ended before the answer did.')
}
