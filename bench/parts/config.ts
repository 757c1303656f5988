import { findResolved } from '../../lib/assessments/index.ts'
import { load } from '../load/load.ts'
import { type Figure, interleave, median, say } from '../measure.ts'
import type { BenchStack } from '../stack.ts'
import { makeKeyAndToken } from './api-keys.ts'
import { statementOf } from './member.ts'

const framework = 'money-archetypes'
/** So many versions are kept. Each change after them trims one. */
const maxKept = 50

/** A change of a framework's configuration, and reading the resolved one. */
export async function benchConfig(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const { token, tenant } = await makeKeyAndToken(stack)
  const url = `http://127.0.0.1:${stack.functionPort('assessments')}/assessments/frameworks/${framework}/config`
  const headers = { authorization: `Bearer ${token}` }

  async function change(version: number): Promise<number> {
    const since = performance.now()
    const response = await fetch(url, {
      method: 'PATCH',
      headers: { ...headers, 'content-type': 'application/json', 'if-match': `"${version}"` },
      body: JSON.stringify({
        archetype_overrides: { hero: { name: `Champion ${version}`, description: 'Wins. '.repeat(100) } },
        landing_overrides: { headline: `Version ${version + 1}` },
      }),
    })
    await response.text()
    if (response.status !== 200) throw new Error(`PATCH answered ${response.status}.`)
    return performance.now() - since
  }
  say('config: changes')
  let version = 0
  while (version < (isQuick ? 3 : maxKept + 20)) await change(version++)
  const times: number[] = []
  for (let n = 0; n < (isQuick ? 3 : 400); n++) times.push(await change(version++))

  say('config: resolved, warm')
  const answer = await fetch(`${url}/resolved`, { headers })
  const size = String(Buffer.byteLength(await answer.text()))
  const [statement, ...bares] = await Promise.all([
    statementOf((db) => findResolved(db, tenant.id, framework)),
    stack.startBare('constant.ts', { BODY_BYTES: size }),
  ])
  const bare = await stack.startBare('member.ts', {
    BENCH_DB_URL: stack.dbUrl,
    BENCH_JWT_SECRET: stack.jwtSecret,
    BENCH_STATEMENTS: JSON.stringify([statement]),
    BENCH_BODY_BYTES: size,
  })
  bares.push(bare)
  try {
    const ask = (address: string) => () => load({ url: address, order: 'same', seconds: 1, headers })
    const [ours, theirs, constant] = (
      await interleave(isQuick ? 1 : 4, [
        ask(`${url}/resolved`),
        ask(`http://127.0.0.1:${bare.port}/0`),
        ask(`http://127.0.0.1:${bares[0]!.port}/by-slug/x`),
      ])
    ).map((runs) => median(runs.map((run) => run.perSecond)))
    const what = `GET …/config/resolved, warm, ${size} bytes`
    return [
      {
        ...{ what: 'PATCH …/config, with a snapshot and a trim, p50', unit: 'ms' },
        ...{ value: median(times), goal: { atMost: 10 } },
      },
      {
        ...{ what, unit: 'req/s', value: ours!, baseline: theirs!, ratio: ours! / theirs! },
        ...{ goal: { atLeast: 0.5 } },
        note: 'against a bare route with the same token, the same select and as many bytes',
      },
      {
        ...{ what, unit: 'req/s', value: ours!, baseline: constant!, ratio: ours! / constant! },
        note: 'against a bare route that asks nobody and answers as many bytes',
      },
    ]
  } finally {
    for (const { stop } of bares) await stop()
  }
}
