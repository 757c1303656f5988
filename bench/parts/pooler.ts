import { fillTenants } from '../fill/fill.ts'
import { load } from '../load/load.ts'
import { type Figure, interleave, median, say } from '../measure.ts'
import { type BenchStack, bootStack } from '../stack.ts'
import { makeKeyAndToken } from './api-keys.ts'

/** More pages than the cache holds, so that each request reaches the database. */
const manyTenants = 30_000

interface Route {
  what: string
  url: (stack: BenchStack) => string
  headers?: Record<string, string>
  order: 'same' | 'sequence'
}

/** What a pooler costs: the same routes direct and behind PgBouncer in transaction mode. */
export async function benchPooler(direct: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const tenants = isQuick ? 200 : manyTenants
  const pooled = await bootStack(['branding', 'registry'], ['--pooler'])
  try {
    const routes = new Map(
      await Promise.all(
        [direct, pooled].map(async (stack) => {
          await fillTenants(await stack.connect(stack.adminUrl), tenants)
          return [stack, await routesOf(stack)] as const
        }),
      ),
    )
    const [rounds, seconds] = isQuick ? [1, 1] : [4, 1]
    const figures: Figure[] = []
    for (const [number, { what }] of routes.get(direct)!.entries()) {
      say(`pooler: ${what}`)
      const [behind, without] = await interleave(
        rounds,
        [pooled, direct].map((stack) => {
          const { url, headers = {}, order } = routes.get(stack)![number]!
          let start = 0
          return async () => {
            const run = await load({ url: url(stack), last: tenants, start, order, headers, seconds })
            start += run.requests
            return run
          }
        }),
      )
      const middle = (runs: typeof behind, of: 'perSecond' | 'p99') => median(runs!.map((run) => run[of]))
      const [value, baseline] = [middle(behind, 'perSecond'), middle(without, 'perSecond')]
      figures.push({
        ...{ what, unit: 'req/s', value, baseline, ratio: value / baseline },
        note: `p99 ${middle(behind, 'p99').toFixed(1)} ms, direct ${middle(without, 'p99').toFixed(1)} ms`,
      })
    }
    return figures
  } finally {
    await pooled.stop()
  }
}

async function routesOf(stack: BenchStack): Promise<Route[]> {
  const { token, key, tenant } = await makeKeyAndToken(stack)
  const at = (name: string, path: string) => (of: BenchStack) =>
    `http://127.0.0.1:${of.functionPort(name)}${path}`
  const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` })
  return [
    {
      ...{ what: 'first hit of the lookup', order: 'sequence' },
      url: at('branding', '/branding/by-slug/tenant-'),
    },
    {
      ...{ what: 'GET /branding/brand, a JWT', order: 'same', headers: bearer(token) },
      url: at('branding', '/branding/brand'),
    },
    {
      ...{ what: 'GET /branding/brand, an API key', order: 'same', headers: bearer(key) },
      url: at('branding', '/branding/brand'),
    },
    {
      ...{ what: 'first page of members, a JWT', order: 'same', headers: bearer(token) },
      url: at('registry', `/registry/tenants/${tenant.slug}/members`),
    },
  ]
}
