import { setTimeout as sleep } from 'node:timers/promises'
import type { Postgres } from '../database/postgres.ts'
import { messageOf } from '../failure.ts'
import { say } from '../log.ts'
import type { Guard } from './processes.ts'

export interface Supervised {
  readonly port: number
  readonly pid: number
  onRestart(listener: () => void): void
  stop(): Promise<void>
}

/** Keeps Postgres running on one port: killed from outside, it recovers and comes back. */
export async function supervise(
  postgres: Postgres,
  guard: Guard,
  preferredPort: number,
  settings: string[],
): Promise<Supervised> {
  let stopping = false
  let listener = () => {}
  let server = await postgres.start(guard, preferredPort, settings)
  const port = server.port

  const watch = () => server.child.once('exit', (code, signal) => void restart(signal ?? `code ${code}`))
  const restart = async (reason: string) => {
    for (let pauseMs = 100; !stopping; pauseMs = Math.min(pauseMs * 2, 5000)) {
      say(`Postgres ended (${reason}); starting it again`)
      try {
        server = await postgres.start(guard, port, settings)
        if (server.port !== port) {
          await server.stop()
          throw new Error(`somebody else listens on its port ${port}`)
        }
        if (stopping) return await server.stop()
        watch()
        return listener()
      } catch (error) {
        say(`Postgres did not come back: ${messageOf(error)}`)
        await sleep(pauseMs)
      }
    }
  }
  watch()

  return {
    port,
    get pid() {
      return server.pid
    },
    onRestart(listen) {
      listener = listen
    },
    async stop() {
      stopping = true
      await server.stop()
    },
  }
}
