import type pg from 'pg'
import { type Figure, interleave, median, say } from '../measure.ts'
import type { BenchStack } from '../stack.ts'

const nothing = 'select 1'

/** What asking for a gate adds to a statement, on a tenant that has a million rows of what is limited. */
export async function benchGates(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const admin = await stack.connect(stack.adminUrl)
  const count = isQuick ? 1_000 : 1_000_000
  say(`gates: ${count} campaigns`)
  const tenantId = await fillCampaigns(admin, count)
  const db = await stack.connect(stack.dbUrl)
  const asked = [
    { what: 'a feature', text: `select private.require_feature('${tenantId}', 'custom_domain')` },
    { what: 'a limit', text: `select private.require_place('${tenantId}', 'campaigns')` },
    { what: 'a limit, by its trigger', text: `select private.count_places('${tenantId}', 'campaigns', 1)` },
  ]
  const figures: Figure[] = []
  for (const { what, text } of asked) {
    say(`gates: ${what}`)
    const runs = [nothing, text].map((statement) => () => timed(db, statement))
    const [bare, gated] = (await interleave(isQuick ? 50 : 3_000, runs)).map(median)
    figures.push({
      ...{ what, unit: 'ms', value: gated! - bare!, goal: { atMost: 0.1 } },
      note: `${gated!.toFixed(3)} ms, where a statement that does nothing takes ${bare!.toFixed(3)} ms`,
    })
  }
  return figures
}

/** A tenant of a plan with room for them, and as many campaigns as its count says. */
async function fillCampaigns(admin: pg.Client, count: number): Promise<string> {
  await admin.query(`
    insert into public.plans (plan, name, price_minor, features, limits)
    values ('bench', 'Bench', 1, '{custom_domain}', '{"campaigns": 10000000}')`)
  const { rows } = await admin.query<{ id: string }>(`
    insert into public.tenants (slug, name, status, plan) values ('many-campaigns', 'Many', 'active', 'bench') returning id`)
  const { id } = rows[0]!
  await admin.query(`set session_replication_role = replica`)
  await admin.query(
    `insert into public.campaigns (tenant_id, name) select $1, 'Campaign ' || n from generate_series(1, $2::int) as n`,
    [id, count],
  )
  await admin.query(
    `insert into private.tenant_counts (tenant_id, gate, used) values ($1, 'campaigns', $2)`,
    [id, count],
  )
  await admin.query(`set session_replication_role = origin`)
  await admin.query('vacuum analyze public.campaigns')
  return id
}

/** Milliseconds of the statement alone: in an open transaction, which is rolled back. */
async function timed(db: pg.Client, text: string): Promise<number> {
  await db.query('begin')
  const start = performance.now()
  await db.query({ name: text.slice(0, 60), text })
  const took = performance.now() - start
  await db.query('rollback')
  return took
}
