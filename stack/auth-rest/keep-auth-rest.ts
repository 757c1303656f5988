import { setTimeout as sleep } from 'node:timers/promises'
import type { AuthRest } from './auth-rest.ts'
import { onDriverFault } from './load-lite.ts'

/**
 * Auth and REST over a database that may be killed and come back. lite's driver (postgres 3.4) keeps a
 * connection that broke in the middle of a write, and every later query on it waits for ever
 * (porsager/postgres#1208), so when the database goes away all connections are opened again.
 */
export async function keepAuthRest(open: () => Promise<AuthRest>): Promise<Omit<AuthRest, 'lost'>> {
  let closing = false
  const waiting = new Set<() => void>()
  let current: AuthRest | null = null
  let lost: Promise<void> = Promise.resolve()
  const adopt = (opened: AuthRest) => {
    current = opened
    lost = Promise.race([opened.lost, onDriverFault()])
  }
  const follow = async () => {
    for (await lost; !closing; await lost) {
      const broken = current
      current = null
      for (const giveUp of waiting) giveUp()
      void broken?.close()
      for (; !current && !closing; await sleep(250)) await open().then(adopt, () => {})
    }
  }
  // Requests that wait for an answer when the database dies get an error at once.
  const answer = (what: 'auth' | 'rest' | 'storage') => (request: Request) =>
    new Promise<Response>((resolve, reject) => {
      if (!current) return resolve(unavailable())
      const giveUp = () => resolve(unavailable())
      waiting.add(giveUp)
      current[what](request)
        .then(resolve, reject)
        .finally(() => waiting.delete(giveUp))
    })

  adopt(await open())
  void follow()
  return {
    auth: answer('auth'),
    rest: answer('rest'),
    storage: answer('storage'),
    async close() {
      closing = true
      await current?.close()
    },
  }
}

function unavailable(): Response {
  const body = {
    code: 'PGRST001',
    message: 'Database client error. Retrying the connection.',
    details: null,
    hint: null,
  }
  return Response.json(body, {
    status: 503,
    headers: { 'retry-after': '1', 'access-control-allow-origin': '*' },
  })
}
