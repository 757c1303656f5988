import { Buffer } from 'node:buffer'
import { ByteReader, notHttp } from './byte-reader.ts'
import type { Connection } from './connection.ts'

/** The first line and the headers, together with those of answers that come before the answer. */
const maxHeadBytes = 32_768

export interface Head {
  status: number
  /** Whether the server speaks HTTP/1.1, and not 1.0. */
  isModern: boolean
  /** In their order, with names in lowercase. */
  fields: [name: string, value: string][]
}

export interface Body {
  bytes: Uint8Array
  isCut: boolean
  /** Whether the end of the answer is certain, so that another exchange may use the same connection. */
  isDelimited: boolean
}

/** Reads one HTTP/1.1 answer from a connection. */
export class HttpReader {
  private readonly reader: ByteReader

  constructor(connection: Connection) {
    this.reader = new ByteReader(connection)
  }

  get hasMore(): boolean {
    return this.reader.hasMore
  }

  async head(): Promise<Head> {
    for (let left = maxHeadBytes; ; ) {
      const text = await this.reader.until('\r\n\r\n', left)
      left -= text.length
      const head = parseHead(text)
      // 100 Continue, 103 Early Hints: the answer itself is still to come.
      if (head.status >= 200) return head
    }
  }

  /** The body, up to `maxBytes` bytes. */
  async body(head: Head, maxBytes: number): Promise<Body> {
    const coding = fieldOf(head, 'transfer-encoding')
    const length = fieldOf(head, 'content-length')
    if (head.status === 204 || head.status === 304) {
      const isDelimited = coding === undefined && (length === undefined || length === '0')
      return { bytes: Buffer.alloc(0), isCut: false, isDelimited }
    }
    if (coding !== undefined && coding.toLowerCase() !== 'chunked') throw notHttp()
    // With both, the server and something in between may disagree about where the answer ends.
    if (coding !== undefined) return { ...(await this.chunked(maxBytes)), isDelimited: length === undefined }
    if (length === undefined) return { ...(await this.untilEnd(maxBytes)), isDelimited: false }
    if (!/^\d{1,15}$/.test(length)) throw notHttp()
    const wanted = Number(length)
    const bytes = await this.reader.take(Math.min(wanted, maxBytes), false)
    return { bytes, isCut: wanted > maxBytes, isDelimited: true }
  }

  private async untilEnd(maxBytes: number): Promise<Omit<Body, 'isDelimited'>> {
    const bytes = await this.reader.take(maxBytes, true)
    return { bytes, isCut: bytes.length === maxBytes && (this.reader.hasMore || (await this.reader.more())) }
  }

  private async chunked(maxBytes: number): Promise<Omit<Body, 'isDelimited'>> {
    const parts: Uint8Array[] = []
    let total = 0
    for (;;) {
      const line = await this.reader.until('\r\n', 1_024)
      const size = Number.parseInt(/^([\da-f]{1,8})(?:[ \t]*;.*)?$/i.exec(line)?.[1] ?? '', 16)
      if (Number.isNaN(size)) throw notHttp()
      if (size === 0) break
      const part = await this.reader.take(Math.min(size, maxBytes - total), false)
      parts.push(part)
      total += part.length
      if (part.length < size) return { bytes: Buffer.concat(parts), isCut: true }
      if ((await this.reader.until('\r\n', 2)) !== '') throw notHttp()
    }
    await this.skipTrailers()
    return { bytes: Buffer.concat(parts), isCut: false }
  }

  private async skipTrailers(): Promise<void> {
    for (let left = maxHeadBytes; ; ) {
      const line = await this.reader.until('\r\n', left)
      if (line === '') return
      left -= line.length
    }
  }
}

/** All values of a header, joined as the standard says; undefined if the header is missing. */
export function fieldOf({ fields }: Pick<Head, 'fields'>, wanted: string): string | undefined {
  let found: string | undefined
  for (const [name, value] of fields)
    if (name === wanted) found = found === undefined ? value : `${found}, ${value}`
  return found
}

function parseHead(text: string): Head {
  const [statusLine = '', ...lines] = text.split('\r\n')
  const [, minor, digits] = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |$)/.exec(statusLine) ?? []
  const status = Number(digits)
  if (!status || status === 101) throw notHttp()
  const fields = lines.map((line): [string, string] => {
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    if (name === undefined || value === undefined || /[\0\r\n]/.test(value)) throw notHttp()
    return [name.toLowerCase(), value]
  })
  return { status, isModern: minor === '1', fields }
}
