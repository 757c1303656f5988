import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { fillTenants } from '../fill/fill.ts'
import { connections, type Load, load } from '../load/load.ts'
import { type Figure, interleave, median, say } from '../measure.ts'
import type { BenchStack } from '../stack.ts'

/** How long an isolate keeps a page (lib/branding/page/cache.ts), and a little more. */
const cacheMs = 5_200
/** The pages that the warm runs request. The cache has room for all of them, and reads each again every five seconds. */
const hot = 1_000

interface Effort {
  sizes: [small: number, middle: number, large: number]
  rounds: number
  seconds: number
  passes: number
}
const full: Effort = { sizes: [1_000, 100_000, 1_000_000], rounds: 3, seconds: 1, passes: 8 }
const quick: Effort = { sizes: [1_000, 1_500, 2_000], rounds: 1, seconds: 1, passes: 1 }

/** The public lookup over three sizes of the same tables. */
export async function benchLookup(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const effort = isQuick ? quick : full
  const admin = await stack.connect(stack.adminUrl)
  const urls = await startRoutes(stack, admin)
  const figures: Figure[] = []
  const flat: { warm: number; firstHit: number; bare: number }[] = []
  for (const size of effort.sizes) {
    await fillTenants(admin, size)
    say(`lookup: warm, ${written(size)} tenants`)
    const warm = await runWarm(urls, effort)
    say(`lookup: first hits, ${written(size)} tenants`)
    flat.push({ warm: median(warm.ours), ...(await firstHitsInPasses(urls, size, effort.passes)) })
    if (size !== effort.sizes[1]) continue
    figures.push(...warmFigures(warm, size))
    figures.push(await runFirstHits(urls, size, effort))
    figures.push(...(await runOtherWays(urls, size, effort)))
  }
  const sizes = `${effort.sizes.map(written).join(', ')} tenants`
  const goal = { atMost: 1.3 }
  const bySize = (kind: 'warm' | 'firstHit' | 'bare') => flat.map((each) => each[kind])
  figures.push({ ...flatFigure(`warm, ${sizes}`, bySize('warm')), goal })
  figures.push({ ...flatFigure(`first hit, ${sizes}`, bySize('firstHit')), goal })
  // How much slower Postgres itself gets when the pages of a table no longer fit into its memory.
  figures.push(flatFigure(`first hit, bare select by the key, ${sizes}`, bySize('bare')))
  return figures
}

interface Urls {
  branding: string
  gateway: string
  constant: string
  sameHeaders: string
  select: string
}

async function startRoutes(stack: BenchStack, admin: pg.Client): Promise<Urls> {
  await fillTenants(admin, hot)
  const { rows } = await admin.query<{ bytes: number }>(
    'select avg(octet_length(config))::int as bytes from bench.pages',
  )
  const size = { BODY_BYTES: String(rows[0]!.bytes) }
  const constant = await stack.startBare('constant.ts', size)
  const sameHeaders = await stack.startBare('constant.ts', { ...size, SAME_HEADERS: 'on' })
  const select = await stack.startBare('select.ts', { BENCH_DB_URL: stack.dbUrl })
  const path = '/by-slug/tenant-'
  return {
    branding: `http://127.0.0.1:${stack.functionPort('branding')}/branding${path}`,
    gateway: `${stack.apiUrl}/functions/v1/branding${path}`,
    constant: `http://127.0.0.1:${constant.port}${path}`,
    sameHeaders: `http://127.0.0.1:${sameHeaders.port}${path}`,
    select: `http://127.0.0.1:${select.port}${path}`,
  }
}

interface Warm {
  ours: number[]
  bare: number[]
  sameHeaders: number[]
  p99: number[]
  bareP99: number[]
}

async function runWarm(urls: Urls, { rounds, seconds }: Effort): Promise<Warm> {
  const [ours, bare, sameHeaders] = (await interleave(
    rounds,
    [urls.branding, urls.constant, urls.sameHeaders].map((url) => async () => {
      // During the other run, pages fell out of the cache. Both runs also start with a warm processor.
      if (rounds > 1) await load({ url, last: hot, seconds: 1 })
      return load({ url, last: hot, seconds })
    }),
  )) as [Load[], Load[], Load[]]
  const p99 = (runs: Load[]) => runs.map((run) => run.p99)
  return {
    ours: rates(ours),
    bare: rates(bare),
    sameHeaders: rates(sameHeaders),
    p99: p99(ours),
    bareP99: p99(bare),
  }
}

function warmFigures({ ours, bare, sameHeaders, p99, bareP99 }: Warm, size: number): Figure[] {
  const what = `warm, ${written(hot)} hot of ${written(size)} tenants`
  return [
    {
      ...{
        what,
        unit: 'req/s',
        note: 'bare: a Hono route with a constant answer of the same size, and one header',
      },
      ...against(median(ours), median(bare)),
      goal: { atLeast: 0.7 },
    },
    {
      ...{ what: `${what}, against the same headers`, unit: 'req/s' },
      note: 'the same bare route with seven headers and an id for each request, as every answer of a function has them',
      ...against(median(ours), median(sameHeaders)),
      goal: { atLeast: 0.7 },
    },
    {
      ...{ what: `warm, p99 at ${connections} connections`, unit: 'ms' },
      ...{ value: median(p99), baseline: median(bareP99), goal: { atMost: 10 } },
    },
  ]
}

/**
 * Every tenant in turn. Between two requests for one tenant there are more others than the cache holds, so each
 * request is a miss. The bare route gets the requests in the same order.
 */
async function runFirstHits(urls: Urls, size: number, { rounds, seconds }: Effort): Promise<Figure> {
  const inTurn = (url: string) => {
    let start = 0
    return async () => {
      const run = await load({ url, last: size, start, seconds })
      start += run.requests
      return run.perSecond
    }
  }
  const [ours, bare] = await interleave(rounds, [inTurn(urls.branding), inTurn(urls.select)])
  return {
    ...{ what: `first hit, each of ${written(size)} tenants`, unit: 'req/s' },
    ...against(median(ours!), median(bare!)),
    goal: { atLeast: 0.7 },
    note: 'bare: a Hono route with one prepared select by primary key of the same texts',
  }
}

/** Reported without a goal: random requests over all tenants, and requests through the local stack's gateway. */
async function runOtherWays(urls: Urls, size: number, { rounds, seconds }: Effort): Promise<Figure[]> {
  const [random, gateway] = await interleave(Math.min(rounds, 3), [
    async () => (await load({ url: urls.branding, last: size, order: 'random', seconds })).perSecond,
    async () => (await load({ url: urls.gateway, last: hot, seconds })).perSecond,
  ])
  const unit = 'req/s'
  return [
    { what: `at random over ${written(size)} tenants`, unit, value: median(random!) },
    { what: 'warm, through the gateway', unit, value: median(gateway!) },
  ]
}

/** A thousand first hits at a time, for every size. The smallest size has no more before the cache is warm. */
async function firstHitsInPasses(
  urls: Urls,
  size: number,
  passes: number,
): Promise<{ firstHit: number; bare: number }> {
  const amount = 1_000
  const pass = async (url: string, number: number) =>
    (await load({ url, last: size, start: number * amount, seconds: 1, amount })).perSecond
  const [firstHit, bare]: [number[], number[]] = [[], []]
  for (let number = 0; number <= passes; number++) {
    // Each pass asks for others, until there are no others.
    if (number === 0 || number * amount >= size) await sleep(cacheMs)
    // They read two tables, so neither brings the other's pages into memory.
    const [ours, other] = [await pass(urls.branding, number), await pass(urls.select, number)]
    if (number === 0) continue
    firstHit.push(ours)
    bare.push(other)
  }
  return { firstHit: median(firstHit), bare: median(bare) }
}

function flatFigure(what: string, bySize: number[]): Figure {
  const [first, last] = [bySize[0]!, bySize.at(-1)!]
  return {
    ...{ what, unit: 'req/s', value: last, baseline: first },
    ratio: Math.max(...bySize) / Math.min(...bySize),
    note: `${bySize.map((each) => written(Math.round(each))).join(', ')} req/s; the ratio is fastest to slowest`,
  }
}

const against = (value: number, baseline: number) => ({ value, baseline, ratio: value / baseline })
const rates = (runs: Load[]) => runs.map((run) => run.perSecond)
const written = (count: number) => count.toLocaleString('en')
