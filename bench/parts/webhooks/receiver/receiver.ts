import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Receiver {
  url: string
  /** Starts to count. The promise in the result resolves when this many messages have come, to the moment (by now()) of the last. */
  awaits(count: number): Promise<{ lastAt: Promise<number> }>
  stop(): void
}

/** Milliseconds, by a clock that all processes of a machine share. */
export const now = () => Number(process.hrtime.bigint()) / 1e6

export async function startReceiver(): Promise<Receiver> {
  const child = fork(fileURLToPath(new URL('receiver.mjs', import.meta.url)), { execArgv: [] })
  const told = (what: string) =>
    new Promise<number>((resolve) => {
      const listen = (message: Record<string, number>) => {
        const value = message[what]
        if (value === undefined) return
        child.off('message', listen)
        resolve(value)
      }
      child.on('message', listen)
    })
  const port = await told('port')
  return {
    url: `http://127.0.0.1:${port}`,
    async awaits(count) {
      const lastAt = told('atMs')
      const isReady = told('awaited')
      child.send({ count })
      await isReady
      return { lastAt }
    },
    stop: () => child.disconnect(),
  }
}
