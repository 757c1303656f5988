import { listDomains } from '../../lib/branding/domains/queries.ts'
import { readBrand } from '../../lib/branding/index.ts'
import type { Db, Sql } from '../../lib/db/index.ts'
import { listApiKeys } from '../../lib/registry/api-keys/queries.ts'
import { listInvitations } from '../../lib/registry/invitations/queries.ts'
import { listMembers } from '../../lib/registry/members/queries.ts'
import { listProjects } from '../../lib/registry/projects/queries.ts'
import { listEndpoints } from '../../lib/webhooks/endpoints/queries.ts'
import { listMessages } from '../../lib/webhooks/messages/queries.ts'
import { load } from '../load/load.ts'
import { type Figure, interleave, median, say } from '../measure.ts'
import type { BenchStack } from '../stack.ts'
import { makeKeyAndToken } from './api-keys.ts'

const firstPage = { limit: 50, cursor: undefined }

interface Route {
  what: string
  /** The function, and the path in it. */
  name: string
  path: (tenant: string) => string
  /** The same as the route does in the database. */
  read: (db: Db, tenantId: string) => Promise<unknown>
}

const routes: Route[] = [
  { what: 'GET /branding/brand', name: 'branding', path: () => '/branding/brand', read: readBrand },
  ...(
    [
      ['branding', () => '/branding/domains', listDomains],
      ['registry', (tenant) => `/registry/tenants/${tenant}/members`, listMembers],
      ['registry', (tenant) => `/registry/tenants/${tenant}/invitations`, listInvitations],
      ['registry', (tenant) => `/registry/tenants/${tenant}/projects`, listProjects],
      ['registry', (tenant) => `/registry/tenants/${tenant}/api-keys`, listApiKeys],
      ['webhooks', () => '/webhooks/endpoints', listEndpoints],
      ['webhooks', () => '/webhooks/messages', listMessages],
    ] satisfies [
      string,
      (tenant: string) => string,
      (db: Db, id: string, query: typeof firstPage) => unknown,
    ][]
  ).map(([name, path, list]) => ({
    what: `first page of GET ${path(':ref')}`,
    name,
    path,
    read: async (db: Db, tenantId: string) => list(db, tenantId, firstPage),
  })),
]

/**
 * What a signed-in person's request costs. Each route is compared with a bare Hono route under the same Deno that
 * verifies the same token and runs the same select as the caller: begin, role and claims, select, commit.
 */
export async function benchMember(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  // Some thousand requests a round. More rounds tell more about the spread than longer ones do.
  const rounds = isQuick ? 1 : 4
  const seconds = 1
  const { token, key, tenant } = await makeKeyAndToken(stack)
  const statements = await Promise.all(routes.map(({ read }) => statementOf((db) => read(db, tenant.id))))
  const bare = await stack.startBare('member.ts', {
    BENCH_DB_URL: stack.dbUrl,
    BENCH_JWT_SECRET: stack.jwtSecret,
    BENCH_STATEMENTS: JSON.stringify(statements),
  })
  const figures: Figure[] = []
  try {
    for (const [number, { what, name, path }] of routes.entries()) {
      say(`member: ${what}`)
      const url = `http://127.0.0.1:${stack.functionPort(name)}${path(tenant.slug)}`
      const ask = (address: string, credential: string) => () =>
        load({ url: address, order: 'same', seconds, headers: { authorization: `Bearer ${credential}` } })
      const runs = [ask(url, token), ask(`http://127.0.0.1:${bare.port}/${number}`, token)]
      // The only one of them that takes an API key.
      if (number === 0) runs.push(ask(url, key))
      const [ours, theirs, byKey] = await interleave(rounds, runs)
      const baseline = median(theirs!.map((run) => run.perSecond))
      for (const [who, measured] of [['a JWT', ours] as const, ['an API key', byKey] as const]) {
        if (!measured) continue
        const value = median(measured.map((run) => run.perSecond))
        const p99 = median(measured.map((run) => run.p99))
        figures.push(
          {
            ...{ what: `${what}, ${who}`, unit: 'req/s' },
            ...{ value, baseline, ratio: value / baseline, goal: { atLeast: 0.6 } },
            note: 'against a bare route with the same select',
          },
          { what: `p99, ${what}, ${who}`, unit: 'ms', value: p99, goal: { atMost: 20 } },
        )
      }
    }
  } finally {
    await bare.stop()
  }
  return figures
}

/** The select that a function of lib sends: the last statement of the first page. */
export async function statementOf(read: (db: Db) => Promise<unknown>): Promise<Sql> {
  const sent: Sql[] = []
  const db: Db = {
    query: async (statement) => {
      sent.push(statement)
      return []
    },
    one: async () => {
      throw new Error('A list reads rows.')
    },
    transaction: (work) => work(db),
  }
  // It finds no rows here, which some of them refuse.
  await read(db).catch(() => {})
  const statement = sent.at(-1)
  if (!statement) throw new Error('The function sent no statement.')
  return { text: statement.text, values: statement.values }
}
