import { Buffer } from 'node:buffer'
import type { Connection } from './connection.ts'
import { NetFault } from './net-fault.ts'

/** Reads lines and counted bytes from a connection. It never holds more than it was asked for. */
export class ByteReader {
  private readonly connection: Connection
  private held: Buffer = Buffer.alloc(0)

  constructor(connection: Connection) {
    this.connection = connection
  }

  /** Whether bytes arrived that nobody asked for. */
  get hasMore(): boolean {
    return this.held.length > 0
  }

  /** Text up to a mark, which is read and left out. */
  async until(mark: string, maxBytes: number): Promise<string> {
    // What was searched is not searched again: a server may send a byte at a time.
    for (let from = 0; ; ) {
      const end = this.held.indexOf(mark, from, 'latin1')
      if (end > maxBytes || (end < 0 && this.held.length > maxBytes + mark.length)) throw notHttp()
      if (end >= 0) {
        const text = this.held.toString('latin1', 0, end)
        this.held = this.held.subarray(end + mark.length)
        return text
      }
      from = Math.max(0, this.held.length - mark.length)
      if (!(await this.more())) throw ended()
    }
  }

  async take(count: number, mayEnd: boolean): Promise<Uint8Array> {
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
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
  }

  /** Waits for more bytes; false at the end. */
  async more(): Promise<boolean> {
    const chunk = await this.connection.next()
    if (!chunk) return false
    this.held =
      this.held.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
        : Buffer.concat([this.held, chunk])
    return true
  }
}

export function notHttp(): NetFault {
  return new NetFault('not_http', 'The answer cannot be read as HTTP.')
}

function ended(): NetFault {
  return new NetFault('unreachable', 'The connection ended before the answer did.')
}
