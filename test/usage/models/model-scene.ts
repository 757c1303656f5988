import { afterAll, beforeAll, expect } from 'vitest'
import { type LlmServer, startLlmServer } from '../../../stack/providers/llm/server.ts'
import { call } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant, type TenantOptions } from '../../kit/tenants.ts'

/** The embedded stack's language model, started for one file, which sees what it is asked. */
export function ownLlm(): { server: () => LlmServer } {
  let server: LlmServer | undefined
  beforeAll(async () => {
    server = await startLlmServer(undefined, { keeps: true })
  })
  afterAll(() => server?.stop())
  return { server: () => server! }
}

export interface Writer {
  owner: Person
  tenant: Tenant
  ask(path: string, method?: string, body?: unknown): Promise<Response>
}

export async function makeWriter(options: TenantOptions = {}): Promise<Writer> {
  const owner = await makePerson()
  const tenant = await makeTenant({ owner, ...options })
  return {
    owner,
    tenant,
    ask: (path, method = 'GET', body) =>
      call(path, { token: owner.token, tenant: tenant.slug, method, body }),
  }
}

/** A tenant whose own model is this one, without a test. A model of the table of misbehaviour misbehaves. */
export async function useModel(
  tenant: Tenant,
  { url }: LlmServer,
  { model = 'sample-1', type = 'openai', key = null as string | null } = {},
): Promise<void> {
  await admin.query('select private.set_llm_provider($1, $2, $3, $4, $5)', [tenant.id, type, url, model, key])
  await admin.query(
    'select private.record_llm_provider_test($1, (select revision from public.llm_providers where tenant_id = $1))',
    [tenant.id],
  )
}

/** What calls of models hold of the tenant now: nothing, once they are over. */
export async function heldBy({ id }: Tenant): Promise<{ micros: number; credits: number }> {
  const { rows } = await admin.query<{ micros: number; credits: number }>(
    `select (select coalesce(sum(held_micros), 0)::float8 from public.tenant_spends where tenant_id = $1) as micros,
       (select coalesce(sum(credits_reserved), 0)::float8 from public.credit_balances where tenant_id = $1) as credits`,
    [id],
  )
  return rows[0]!
}

interface CallRow {
  status: string
  error_code: string | null
  agent: string
  provider: string
  model: string
  input_tokens: number
  output_tokens: number
  prompt_hash: string | null
  response_hash: string | null
}
export async function callsOf({ id }: Tenant): Promise<CallRow[]> {
  const { rows } = await admin.query<CallRow>(
    `select status, error_code, agent, provider, model, input_tokens::int, output_tokens::int, prompt_hash, response_hash
     from public.llm_calls where tenant_id = $1 order by created_at`,
    [id],
  )
  return rows
}

export async function creditsUsed({ id }: Tenant): Promise<number> {
  const { rows } = await admin.query<{ used: number }>(
    `select coalesce(-sum(credits), 0)::float8 as used from public.credit_ledger where tenant_id = $1 and type = 'consumed'`,
    [id],
  )
  return rows[0]!.used
}

export async function answered<Answer>(response: Response): Promise<Answer> {
  expect(response.status, await response.clone().text()).toBe(200)
  return (await response.json()) as Answer
}

/** The platform's model belongs to all files. Who switches it off, or leans on it, does so alone. */
export async function withPlatformModel(run: () => Promise<void>, { isOn = true } = {}): Promise<void> {
  const turn = await admin.connect()
  const set = (is_active: boolean) =>
    turn.query(
      'update public.llm_providers set is_active = $1 where tenant_id = private.platform_tenant_id()',
      [is_active],
    )
  try {
    await turn.query(`select pg_advisory_lock(hashtext('platform model'))`)
    if (!isOn) await set(false)
    await run()
  } finally {
    if (!isOn) await set(true)
    // With its connection goes its lock.
    turn.release(true)
  }
}
