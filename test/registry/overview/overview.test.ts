import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { Overview } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let reviewer: Person
beforeAll(async () => {
  owner = await makePerson()
  reviewer = await makePerson()
})
const make = (status: 'active' | 'frozen' | 'trial' = 'active') => makeTenant({ owner, reviewer, status })
const ask = (tenant: Tenant, who = owner) =>
  call(`/registry/tenants/${tenant.slug}/overview`, { token: who.token })
const findings = async (tenant: Tenant, who = owner) => {
  const answer = await ask(tenant, who)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return Overview.parse(await answer.json()).findings
}
const codes = async (tenant: Tenant, who = owner) => (await findings(tenant, who)).map(({ code }) => code)

/** One statement after the other. */
async function run(sql: string, { id }: Tenant): Promise<void> {
  for (const statement of sql.split(';')) await superuser.query(statement.replaceAll('$1', '$1::uuid'), [id])
}

type Case = [status: 'active' | 'frozen' | 'trial', sql: string, name: string | null]
const use = (share: number): string =>
  `insert into private.tenant_counts (tenant_id, gate, used)
   select t.id, 'members', (p.limits ->> 'members')::bigint * ${share} from public.tenants as t join public.plans as p on p.plan = t.plan where t.id = $1
   on conflict (tenant_id, gate) do update set used = excluded.used`
const domain = (columns: string, values: string) =>
  `insert into public.tenant_domains (tenant_id, host, ${columns}) values ($1, 'd' || left(replace($1::text, '-', ''), 30) || '.example.com', ${values})`
const endpoint = (columns: string, values: string) =>
  `insert into public.webhook_endpoints (tenant_id, kind, description, secret_id, ${columns}) values ($1, 'poll', 'Ours', gen_random_uuid(), ${values})`
const provider = (values: string) =>
  `insert into public.tenant_idp_config (tenant_id, type, metadata, ${values.split('=')[0]})
   values ($1, 'saml', '{"metadata_url": "https://id.example.com/m"}', ${values.split('=')[1]})`

/** What brings each finding about, by its code. The name of what it is about, where it is one of ours. */
const causes: Record<string, Case> = {
  trial_ending: [
    'trial',
    `update public.tenants set trial_ends_at = now() + interval '3 days' where id = $1`,
    null,
  ],
  trial_ended: ['trial', 'select $1::uuid', null],
  tenant_frozen: ['frozen', 'select $1::uuid', null],
  limit_near: ['active', use(0.9), 'members'],
  limit_reached: ['active', use(1), 'members'],
  plan_excess: [
    'active',
    `insert into public.plan_excesses (tenant_id, gate, in_use, most) values ($1, 'members', 9, 3)`,
    'members',
  ],
  domain_not_verified: ['active', domain('status', `'pending'`), null],
  domain_lost: ['active', domain('status', `'failed'`), null],
  domain_record_missing: [
    'active',
    domain('status, verified_at, first_missed_at, missed_check_count', `'verified', now(), now(), 1`),
    null,
  ],
  brand_warning: [
    'active',
    `update public.tenant_brands set brand = '{"fonts": {"heading": "Comic Sans MS"}}' where tenant_id = $1`,
    '/brand/fonts/heading',
  ],
  invitation_pending: [
    'active',
    `insert into public.tenant_invitations (tenant_id, email, token_hash) values ($1, 'ada@example.com', sha256($1::text::bytea))`,
    'ada@example.com',
  ],
  identity_provider_failing: ['active', provider(`last_check_error='It cannot be resolved.'`), 'saml'],
  certificate_ending: ['active', provider(`keys_expire_at=now() + interval '3 days'`), 'saml'],
  api_key_ending: [
    'active',
    `insert into public.api_keys (tenant_id, name, prefix, scopes, expires_at)
     values ($1, 'Server', 'abcdefgh', '{usage:write}', now() + interval '3 days')`,
    'Server',
  ],
  llm_provider_refusing: [
    'active',
    `insert into public.llm_providers (tenant_id, provider_type, base_url, default_model, last_error)
     values ($1, 'openai', 'https://llm.example.com', 'example-model-1', 'The key is wrong.')`,
    'example-model-1',
  ],
  notification_provider_refusing: [
    'active',
    `insert into public.notification_providers (tenant_id, channel, provider, last_error) values ($1, 'email', 'smtp', 'The password is wrong.')`,
    'email',
  ],
  message_unsettled: [
    'active',
    `insert into private.notification_jobs (tenant_id, channel, type, template, address, idempotency_key, status, settled_at, queued_at)
     values ($1, 'sms', 'welcome', 'welcome', '+447700900123', 'one', 'unknown', now() - interval '61 minutes', now())`,
    'welcome',
  ],
  endpoint_failing: [
    'active',
    `${endpoint('is_enabled', 'true')};
     update private.queue_lanes set failure_count = 7, failing_since_at = now() where tenant_id = $1 and queue = 'webhooks'`,
    'Ours',
  ],
  endpoint_disabled: [
    'active',
    endpoint('is_enabled, disabled_at, disabled_reason', `false, now(), 'failing'`),
    'Ours',
  ],
  contract_to_accept: [
    'active',
    `with waiting as (update public.tenants set contract_pending_at = now() where id = $1 returning id)
     insert into public.contracts (tenant_id, template_version, details)
     select w.id, (select t.version from private.contract_templates as t limit 1), '{}' from waiting as w`,
    null,
  ],
}

describe('an overview', () => {
  it('of a tenant in which nothing needs doing is empty', async () => {
    expect(await findings(await make())).toEqual([])
  })

  it('can tell what is listed here, each with a route that there is', async () => {
    const { rows } = await superuser.query<{ code: string; path: string; permission: string }>(
      'select code, path, permission from private.overview_codes order by code',
    )
    expect(rows.map(({ code }) => code)).toEqual(Object.keys(causes).sort())
    const documented = await readFile('docs/registry.md', 'utf8')
    expect(rows.filter(({ code }) => !documented.includes(`\`${code}\``))).toEqual([])
    const { default: openapi } = await import('../../../docs/openapi.json', { with: { type: 'json' } })
    expect(rows.filter(({ path }) => !(path in openapi.paths)).map(({ path }) => path)).toEqual([])
    const { rows: held } = await superuser.query<{ permission: string }>(
      `select permission from private.role_permissions where role = 'owner'`,
    )
    expect(held.map(({ permission }) => permission)).toEqual(
      expect.arrayContaining(rows.map(({ permission }) => permission)),
    )
  })

  it.each(Object.entries(causes))(
    'tells %s of this tenant, and of no other',
    async (code, [status, cause, name]) => {
      const [tenant, other] = [await make(status), await make()]
      if (code.startsWith('trial') === false)
        expect(await codes(tenant)).toEqual(status === 'frozen' ? [code] : [])
      await run(cause, tenant)
      const found = await findings(tenant)
      expect(found.map((finding) => finding.code)).toEqual([code])
      const [{ targets, has_more, ...finding }] = found as [(typeof found)[number]]
      expect(has_more).toBe(false)
      expect(targets).toHaveLength(1)
      if (name !== null) expect(targets[0]!.name).toBe(name)
      expect(finding.description).toMatch(/^[A-Z].+\.$/)
      expect(await findings(other)).toEqual([])
    },
  )

  it('tells a person what they may know: a reviewer hears of domains, and not of invitations', async () => {
    const tenant = await make()
    for (const code of ['domain_lost', 'invitation_pending', 'endpoint_disabled'])
      await run(causes[code]![1], tenant)
    expect(await codes(tenant)).toEqual(['domain_lost', 'endpoint_disabled', 'invitation_pending'])
    expect(await codes(tenant, reviewer)).toEqual(['domain_lost'])
    await run(causes.contract_to_accept![1], tenant)
    expect(await codes(tenant)).toEqual(['contract_to_accept'])
    expect(await codes(tenant, reviewer)).toEqual([])
    const stranger = await makePerson()
    expect(await problemOf(await ask(tenant, stranger))).toMatchObject({
      status: 404,
      code: 'tenant_not_found',
    })
  })

  it('names five things at most, and looks at few of a thousand', async () => {
    const tenant = await make()
    await superuser.query(
      `insert into public.tenant_invitations (tenant_id, email, token_hash, expires_at)
       select $1, 'a' || n || '@example.com', sha256(('x' || n)::bytea), now() + n * interval '1 minute' from generate_series(1, 1000) as n`,
      [tenant.id],
    )
    const [finding] = await findings(tenant)
    expect(finding).toMatchObject({ code: 'invitation_pending', severity: 'info', has_more: true })
    expect(finding!.targets.map(({ name }) => name)).toEqual([1, 2, 3, 4, 5].map((n) => `a${n}@example.com`))
    for (const { ref_id } of finding!.targets) expect(ref_id).toMatch(/^[0-9A-Z]{26}$/)
  })

  it('names what goes away by itself no more', async () => {
    const tenant = await make()
    await run(causes.invitation_pending![1], tenant)
    await superuser.query(`update public.tenant_invitations set accepted_at = now() where tenant_id = $1`, [
      tenant.id,
    ])
    expect(await findings(tenant)).toEqual([])
  })
})
