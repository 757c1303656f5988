import type pg from 'pg'
import { fillSessions, joinTenants } from '../fill/fill.ts'
import { type Figure, median, say } from '../measure.ts'
import type { BenchStack } from '../stack.ts'

const goal = { atMost: 1.3 }

interface Read {
  what: string
  /** Queries that RLS filters, and the same queries with the filter that an owner has to write. */
  text(where: string): string
  memberWhere: string
  ownerWhere: string
}

const page = (where: string) => `
  select id, ref_id, full_name, email, client_status, completed_at from public.participant_sessions
  where client_status = 'completed' ${where} order by id desc limit 50`
const counts = (where: string) => `
  select client_status, count(*)::int from public.participant_sessions
  where created_at > now() - interval '1 year' ${where} group by client_status`
const ofAll = { memberWhere: '', ownerWhere: 'and tenant_id = any ($1)' }
/** Both queries name the tenant, so RLS adds its whole cost to a very small query. */
const ofOne = { memberWhere: 'and tenant_id = $1', ownerWhere: 'and tenant_id = $1' }

const reads: Read[] = [
  { what: 'newest 50 completed', text: page, ...ofAll },
  { what: 'count by status', text: counts, ...ofAll },
  { what: 'newest 50 of one tenant', text: page, ...ofOne },
]

/** What a member's reads cost with RLS, compared with the owner's reads with an explicit tenant filter. */
export async function benchRls(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const admin = await stack.connect(stack.adminUrl)
  await fillSessions(admin, isQuick ? 20 : 1_000)
  const owner = await stack.connect(stack.dbUrl)
  const figures: Figure[] = []
  for (const memberships of isQuick ? [1, 20] : [1, 10, 200]) {
    const userId = `00000000-0000-4000-8000-${String(memberships).padStart(12, '0')}`
    const tenantIds = (await joinTenants(admin, userId, memberships)).map(({ id }) => id)
    const member = await stack.connect(stack.dbUrl)
    await becomeMember(member, userId)
    for (const [index, { what, text, memberWhere, ownerWhere }] of reads.entries()) {
      say(`rls: ${what}, a user in ${memberships}`)
      const name = `read_${memberships}_${index}`
      const values = (where: string) =>
        where === '' ? [] : [where === ofOne.ownerWhere ? tenantIds[0] : tenantIds]
      const under = prepare(member, name, text(memberWhere), values(memberWhere))
      const bare = prepare(owner, name, text(ownerWhere), values(ownerWhere))
      const [value, baseline] = await compare(under.clientMs, bare.clientMs, isQuick)
      const [underMs, bareMs] = await compare(under.serverMs, bare.serverMs, isQuick)
      figures.push({
        ...{ what: `${what}, user in ${memberships}`, unit: 'ms', value, baseline },
        ...{ ratio: value / baseline, goal },
        note: `${underMs.toFixed(2)} against ${bareMs.toFixed(2)} ms on the server; ${await under.plan()}; owner: ${await bare.plan()}`,
      })
    }
    await member.query('commit')
  }
  return figures
}

type Timed = () => Promise<number>

/** The medians of two statements that run in turn, some hundred times or for some seconds. */
async function compare(one: Timed, other: Timed, isQuick: boolean): Promise<[number, number]> {
  const times: [number, number][] = []
  // Ten runs first: after five, Postgres decides whether to keep one plan.
  for (let run = 0; run < 10; run++) await Promise.all([one(), other()])
  const until = Date.now() + (isQuick ? 200 : 1_500)
  while (times.length < 10 || (times.length < 500 && Date.now() < until))
    times.push([await one(), await other()])
  return [median(times.map(([first]) => first)), median(times.map(([, second]) => second))]
}

/** As lib/db/caller.ts does it. The transaction stays open, so that only the statements are measured. */
async function becomeMember(client: pg.Client, userId: string): Promise<void> {
  const claims = JSON.stringify({ role: 'authenticated', sub: userId })
  await client.query('begin')
  await client.query(
    `select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)`,
    [claims],
  )
}

function prepare(client: pg.Client, name: string, text: string, values: unknown[]) {
  const literals = values.map((value) =>
    client.escapeLiteral(Array.isArray(value) ? `{${value}}` : String(value)),
  )
  const execute = `execute ${name}${literals.length > 0 ? ` (${literals.join(', ')})` : ''}`
  const explain = async () => {
    const { rows } = await client.query(`explain (analyze, timing off, format json) ${execute}`)
    return rows[0]['QUERY PLAN'][0] as { Plan: PlanNode; 'Execution Time': number }
  }
  return {
    async clientMs(): Promise<number> {
      const start = performance.now()
      const { rowCount } = await client.query({ name, text, values })
      if (!rowCount) throw new Error(`Nothing was read by ${text}`)
      return performance.now() - start
    },
    serverMs: async () => (await explain())['Execution Time'],
    plan: async () => describe((await explain()).Plan),
  }
}

interface PlanNode {
  'Node Type': string
  'Scan Direction'?: string
  'Index Name'?: string
  'Parent Relationship'?: string
  'Subplan Name'?: string
  Plans?: PlanNode[]
}

/** The shape of a plan in one line, from the top down. */
function describe(node: PlanNode): string {
  const direction = node['Scan Direction'] === 'Backward' ? ' backward' : ''
  const own = [`${node['Node Type']}${direction}`, node['Index Name']].filter(Boolean).join(' on ')
  // The tenants that a member may see, found once for each statement.
  const inner = (node.Plans ?? []).filter((plan) => plan['Parent Relationship'] !== 'InitPlan')
  return [own, ...inner.map(describe)].join(' < ')
}
