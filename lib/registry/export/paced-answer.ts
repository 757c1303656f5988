/** An answer that is sent no faster than its reader takes it. */
export interface PacedAnswer {
  readable: ReadableStream<Uint8Array>
  /**
   * Sends a chunk, and waits until the reader wants the next one.
   *
   * @throws when the reader wants nothing for `patienceMs`, or has gone away.
   */
  write(chunk: Uint8Array, patienceMs: number): Promise<void>
  end(): void
  /** Cuts the answer off, also where the reader has not taken what was sent before. */
  breakOff(reason: unknown): void
}

/**
 * A TransformStream would not do: its writer cannot be aborted while a write waits for the reader, and a reader who stopped
 * reading lets it wait for ever.
 */
export function pacedAnswer(): PacedAnswer {
  let controller!: ReadableStreamDefaultController<Uint8Array>
  let isGone = false
  let wake = () => {}
  const readable = new ReadableStream<Uint8Array>({
    start(its) {
      controller = its
    },
    pull: () => wake(),
    cancel() {
      isGone = true
      wake()
    },
  })
  return {
    readable,
    async write(chunk, patienceMs) {
      controller.enqueue(chunk)
      if ((controller.desiredSize ?? 0) > 0) return
      let timer: ReturnType<typeof setTimeout> | undefined
      const isTaken = await new Promise<boolean>((resolve) => {
        timer = setTimeout(() => resolve(false), patienceMs)
        wake = () => resolve(true)
      })
      clearTimeout(timer)
      if (isGone) throw new Error('The reader of the export has gone away.')
      if (!isTaken) throw new Error('The reader of the export has stopped reading.')
    },
    end: () => controller.close(),
    breakOff: (reason) => controller.error(reason),
  }
}
