import { inject } from 'vitest'
import { functionEnvironment, startFunctions } from '../../stack/functions/functions.ts'
import { startPooler } from '../../stack/processes/pooler.ts'
import { startGuard } from '../../stack/processes/processes.ts'
import { readStackFile } from '../../stack/secrets.ts'
import { type Standby, startStandby } from '../kit/servers/standby.ts'
import { makeTempDir } from '../kit/stack.ts'

const stack = inject('stack')

export interface Scene {
  standby: Standby
  /** One request to a function that reads at the standby. */
  ask(path: string, options?: { token?: string; apikey?: string; tenant?: string }): Promise<Response>
  stop(): Promise<void>
}

/** The functions that read at a replica, with a standby of the stack's Postgres; behind poolers if it says so. */
export async function startScene(name: string, isPooled = false): Promise<Scene> {
  const file = await readStackFile(stack.data_dir)
  if (!file) throw new Error('The stack has no stack.json.')
  const standby = await startStandby(stack, name)
  const guard = startGuard()
  const home = await makeTempDir()
  const stops: (() => Promise<unknown>)[] = []
  const dbPort = Number(new URL(stack.db_url).port)
  const environment = functionEnvironment(file, dbPort, stack.api_url)
  environment.TENANTRY_READ_DB_URL = standby.url
  if (isPooled) {
    const poolers = [
      await startPooler(await makeTempDir(), file, dbPort, guard),
      await startPooler(await makeTempDir(), file, standby.port, guard),
    ] as const
    environment.TENANTRY_DB_URL = poolers[0].url
    environment.TENANTRY_READ_DB_URL = poolers[1].url
    stops.push(...poolers.map((each) => () => each.stop()))
  }
  const root = new URL('../..', import.meta.url).pathname
  const functions = await startFunctions(root, ['branding', 'usage'], environment, home, guard, () => {})
  stops.unshift(() => functions.stop())
  const late = await functions.settled(60_000)
  if (late.length > 0) throw new Error(`These do not start: ${late.join(', ')}.`)
  return {
    standby,
    ask(path, { token, apikey, tenant } = {}) {
      const { port } = functions.find(path.split(/[/?]/)[1]!)!
      return fetch(`http://127.0.0.1:${port}${path}`, {
        redirect: 'manual',
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(apikey !== undefined && { apikey }),
          ...(tenant !== undefined && { 'x-tenant': tenant }),
        },
      })
    },
    async stop() {
      for (const each of stops) await each()
      guard.dismiss()
      await standby.remove()
    },
  }
}
