import { setTimeout as sleep } from 'node:timers/promises'
import { Endpoint, Endpoints, EndpointWithSecret } from '../../../lib/webhooks/index.ts'
import { type CallOptions, call } from '../../kit/call.ts'
import { superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

export interface World {
  owner: Person
  admin: Person
  member: Person
  tenant: Tenant
}

export async function makeWorld(): Promise<World> {
  const [owner, admin, member] = [await makePerson(), await makePerson(), await makePerson()]
  return { owner, admin, member, tenant: await makeTenant({ owner, admin, member }) }
}

/** One request to /webhooks as this person, or the owner. */
export const ask = ({ tenant, owner }: World, path: string, options: CallOptions = {}): Promise<Response> =>
  call(`/webhooks${path}`, {
    ...(options.apikey === undefined && { token: owner.token }),
    tenant: tenant.slug,
    ...options,
  })

export const post = (world: World, path: string, body: unknown, by = world.owner) =>
  ask(world, path, { token: by.token, body })
export const patch = (world: World, ref: string, body: unknown, by = world.owner) =>
  ask(world, `/endpoints/${ref}`, { method: 'PATCH', token: by.token, body })
export const remove = (world: World, ref: string, by = world.owner) =>
  ask(world, `/endpoints/${ref}`, { method: 'DELETE', token: by.token })

export const url = 'https://hooks.example.com/in'

/** An endpoint that was made as a person makes one. */
export async function makeEndpoint(world: World, wanted: Record<string, unknown> = {}) {
  const body = wanted.kind === 'poll' ? wanted : { url, ...wanted }
  const response = await post(world, '/endpoints', body)
  if (response.status !== 201) throw new Error(`no endpoint was made: ${await response.text()}`)
  return EndpointWithSecret.parse(await response.json())
}

export const read = async (world: World, ref: string) =>
  Endpoint.parse(await (await ask(world, `/endpoints/${ref}`)).json())
export const list = async (world: World) =>
  Endpoints.parse(await (await ask(world, '/endpoints')).json()).endpoints

/** What a dispatcher would sign and send with, and what lies in Vault for the tenant. */
export async function secretsOf(ref: string): Promise<{
  revision: string
  secrets: string[]
  headers: Record<string, string>
}> {
  const { rows } = await superuser.query(
    `select s.* from public.webhook_endpoints as e, private.read_webhook_secrets(array[e.id]) as s where e.ref_id = $1`,
    [ref],
  )
  return rows[0]
}

/** Ids of everything in Vault that belongs to an endpoint. */
export async function vaultIds(ref: string): Promise<string[]> {
  const { rows } = await superuser.query<{ ids: string[] }>(
    `select array_remove(array[secret_id, previous_secret_id, headers_secret_id], null) as ids
     from public.webhook_endpoints where ref_id = $1`,
    [ref],
  )
  return rows[0]?.ids ?? []
}

export async function countInVault(ids: string[]): Promise<number> {
  const { rows } = await superuser.query<{ count: number }>(
    'select count(*)::int as count from vault.secrets where id = any ($1)',
    [ids],
  )
  return rows[0]!.count
}

/** Something happens in the tenant; answers the message's id in SQL. */
export async function emit(
  { tenant }: World,
  data: unknown = {},
  { type = 'campaign.created', key }: { type?: string; key?: string } = {},
): Promise<string> {
  const { rows } = await superuser.query<{ id: string }>(
    'select private.emit_event($1, $2, $3, ordering_key => $4) as id',
    [tenant.id, type, JSON.stringify(data), key ?? null],
  )
  return rows[0]!.id
}

/** Asks until the answer is there: a dispatcher works by itself. A busy machine makes it slow, not wrong. */
export async function eventually<Value>(
  what: string,
  look: () => Promise<Value | undefined | false | null>,
): Promise<Value> {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    const found = await look()
    if (found) return found
    await sleep(50)
  }
  throw new Error(`never came: ${what}; ${await describeQueue()}`)
}

/** What may keep events from being delivered, to be read in a failure that nobody can repeat. */
async function describeQueue(): Promise<string> {
  const { rows } = await superuser.query<{ state: unknown }>(`
    select jsonb_build_object(
      'dispatchers', (select jsonb_agg(jsonb_build_array(d.slot, d.seen_at - now(), d.awake_until_at - now()) order by d.slot)
        from private.queue_dispatchers as d where d.run_id is not null),
      'outbox', (select count(*) from private.webhook_outbox),
      'requests', (select count(*) from net.http_request_queue),
      'answers', (select jsonb_agg(distinct jsonb_build_array(r.status_code, r.error_msg)) from net._http_response as r
        where r.created > now() - interval '1 minute'),
      'statements', (select jsonb_agg(jsonb_build_array(now() - a.xact_start, a.wait_event, a.state, left(a.query, 120)))
        from pg_stat_activity as a where a.xact_start < now() - interval '1 second')) as state`)
  return JSON.stringify(rows[0]!.state)
}
