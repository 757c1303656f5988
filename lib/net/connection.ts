import type { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'

/** A connected socket with the three things that are needed here: send, read, and rest between two exchanges. */
export class Connection {
  readonly openedAt = performance.now()
  /** Whether anything arrived since the last send. */
  hasAnswered = false
  private readonly socket: Socket
  private readonly chunks: Buffer[] = []
  private isEnded = false
  private error: unknown
  private wake: (() => void) | undefined
  private onDisturbed: (() => void) | undefined

  constructor(socket: Socket) {
    this.socket = socket
    // The deadline of an exchange keeps the process alive. A resting connection must not.
    socket.unref()
    socket.on('data', (chunk: Buffer) => this.hear(chunk))
    socket.on('end', () => this.end())
    socket.on('close', () => this.end())
    // Without a listener an error would end the isolate, even after the last answer.
    socket.on('error', (error) => this.end(error))
  }

  send(bytes: Uint8Array): void {
    this.hasAnswered = false
    this.socket.write(bytes)
  }

  /** The bytes that arrived, or undefined at the end. */
  async next(): Promise<Buffer | undefined> {
    while (this.chunks.length === 0) {
      if (this.error !== undefined) throw this.error
      if (this.isEnded) return undefined
      await new Promise<void>((wake) => {
        this.wake = wake
      })
    }
    return this.chunks.shift()
  }

  /** Whether nothing is under way, neither to the server nor from it. */
  get isQuiet(): boolean {
    return !this.isEnded && this.chunks.length === 0 && this.socket.writableLength === 0
  }

  /** Rests between two exchanges. The first byte that nobody asked for closes the connection. */
  rest(onDisturbed: () => void): void {
    this.onDisturbed = onDisturbed
  }

  use(): void {
    this.onDisturbed = undefined
  }

  close(): void {
    this.socket.destroy()
    this.end()
  }

  private hear(chunk: Buffer): void {
    this.hasAnswered = true
    this.chunks.push(chunk)
    if (this.onDisturbed) this.close()
    else this.wakeUp()
  }

  private end(error?: unknown): void {
    this.isEnded = true
    this.error ??= error
    this.onDisturbed?.()
    this.wakeUp()
  }

  private wakeUp(): void {
    const { wake } = this
    this.wake = undefined
    wake?.()
  }
}
