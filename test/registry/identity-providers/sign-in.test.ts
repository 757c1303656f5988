import { randomBytes, randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { anonClient } from '../../kit/clients.ts'
import { admin, asService, type Queryable, rolledBack } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

const password = { method: 'password' }
let tenant: Tenant
let host: string
let provider: string
beforeEach(async () => {
  tenant = await makeTenant({ owner: await makePerson() })
  host = freshHost()
  provider = randomUUID()
})
const freshHost = () => `${randomBytes(6).toString('hex')}.example`

const ask = async (email: string): Promise<unknown> => {
  const response = await call('/registry/sign-in-options', { body: { email } })
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
  return response.json()
}
const askOverRest = (headers: Record<string, string>) => {
  const { api_url, publishable_key } = inject('stack')
  return fetch(`${api_url}/rest/v1/rpc/find_idp_for_email`, {
    method: 'POST',
    headers: { apikey: publishable_key, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ email: 'a@b.example' }),
  })
}
const addDomain = (of: Tenant, name: string, status: 'pending' | 'verified' | 'failed') =>
  admin.query(
    `insert into public.tenant_domains (tenant_id, host, status, verified_at) values ($1, $2, $3, now())`,
    [of.id, name, status],
  )
const addProvider = (of: Tenant, columns: { verified?: boolean; sso?: string | null; end?: string } = {}) =>
  admin.query(
    `insert into public.tenant_idp_config (tenant_id, type, verified, verified_at, last_checked_at, sso_provider_id, keys_expire_at)
     values ($1, 'saml', $2, case when $2 then now() end, now(), $3, now() + $4::interval)`,
    [
      of.id,
      columns.verified ?? true,
      columns.sso === undefined ? provider : columns.sso,
      columns.end ?? null,
    ],
  )
const sso = () => ({ method: 'sso', tenant: tenant.slug, sso_provider_id: provider })

describe('an e-mail address', () => {
  it('of a verified domain leads to its tenant’s verified provider, whoever it is', async () => {
    await addDomain(tenant, host, 'verified')
    await addProvider(tenant, { end: '1 day' })
    expect(await ask(`ada@${host}`)).toEqual(sso())
    expect(await ask(`nobody.by.this.name@${host.toUpperCase()}`)).toEqual(sso())
    const { data } = await anonClient().rpc('find_idp_for_email', { email: `ada@${host}` })
    expect(data).toEqual(sso())
  })
  it.each<[string, () => Promise<unknown>]>([
    ['no domain', async () => addProvider(tenant)],
    [
      'a domain that is not verified',
      async () => [await addDomain(tenant, host, 'pending'), await addProvider(tenant)],
    ],
    [
      'a domain that was lost',
      async () => [await addDomain(tenant, host, 'failed'), await addProvider(tenant)],
    ],
    ['no provider', async () => addDomain(tenant, host, 'verified')],
    [
      'an unverified provider',
      async () => [await addDomain(tenant, host, 'verified'), await addProvider(tenant, { verified: false })],
    ],
    [
      'an unbound provider',
      async () => [await addDomain(tenant, host, 'verified'), await addProvider(tenant, { sso: null })],
    ],
    [
      'an expired certificate',
      async () => [
        await addDomain(tenant, host, 'verified'),
        await addProvider(tenant, { end: '-1 minute' }),
      ],
    ],
    [
      'an archived tenant',
      async () => [
        await addDomain(tenant, host, 'verified'),
        await addProvider(tenant),
        await admin.query(`update public.tenants set status = 'archived' where id = $1`, [tenant.id]),
      ],
    ],
  ])('with %s signs in by password', async (_what, arrange) => {
    await arrange()
    expect(await ask(`ada@${host}`)).toEqual(password)
  })
  it.each([
    'ada@mail.HOST',
    'ada@www.HOST',
    'ada@HOST.evil.test',
    'ada@evilHOST',
    'ada+HOST@other.test',
    'HOST@x',
  ])('that is only alike, %s, signs in by password', async (email) => {
    await addDomain(tenant, host, 'verified')
    await addProvider(tenant)
    expect(await ask(email.replace('HOST', host))).toEqual(password)
  })
  it('of an internationalised domain is found by its ASCII form', async () => {
    const label = randomBytes(4).toString('hex')
    await addDomain(tenant, new URL(`https://grüezi-${label}.example`).hostname, 'verified')
    await addProvider(tenant)
    expect(await ask(`ada@grüezi-${label}.example`)).toEqual(sso())
  })
  it('is led by the tenant that verified the domain, not by one that claims it', async () => {
    const squatter = await makeTenant({ owner: await makePerson() })
    await addDomain(squatter, host, 'pending')
    await addProvider(squatter, { sso: randomUUID() })
    expect(await ask(`ada@${host}`)).toEqual(password)
    await addDomain(tenant, host, 'verified')
    await addProvider(tenant)
    expect(await ask(`ada@${host}`)).toEqual(sso())
    await expect(
      admin.query(
        `update public.tenant_domains set status = 'verified', verified_at = now() where tenant_id = $1`,
        [squatter.id],
      ),
    ).rejects.toMatchObject({ code: '23505' })
  })
  it.each([
    {},
    { email: 'x' },
    { email: 'a@b@c' },
    { email: 1 },
    { email: `${'a'.repeat(250)}@b.ch` },
    { email: 'a b@c.ch' },
  ])('that is none is refused: %j', async (body) => {
    expect(await problemOf(await call('/registry/sign-in-options', { body }))).toMatchObject({
      code: 'invalid_body',
    })
  })
})

describe('asking', () => {
  /** How often it was asked from an address in this hour, after it was set to that. */
  const turnsFrom = async (db: Queryable, address: string, set?: number) => {
    await db.query(`select set_config('request.headers', $1, true)`, [
      JSON.stringify({ 'client-address': address }),
    ])
    const { rows } = await db.query<{ turn_count: number }>(
      `insert into private.tenant_turns (tenant_id, what, period_at, turn_count)
       values (private.platform_tenant_id(), private.turn_from_here('sign_in_options'), date_trunc('hour', now(), 'UTC'), coalesce($1::int, 0))
       on conflict (tenant_id, what) do update set turn_count = coalesce($1::int, tenant_turns.turn_count) returning turn_count`,
      [set],
    )
    return rows[0]!.turn_count
  }
  const askOver = (db: Queryable) => db.query(`select public.find_idp_for_email('ada@example.com')`)

  it.each(['anon', 'authenticated', 'service_role'])(
    'as %s is refused after 600 times in an hour from one address',
    async (role) => {
      await rolledBack(admin, async (db) => {
        const address = `2001:db8:${randomBytes(2).toString('hex')}::1`
        await turnsFrom(db, address, 599)
        await db.query(`set local role ${role}`)
        await askOver(db)
        await expect(askOver(db)).rejects.toMatchObject({
          code: 'PT429',
          message: 'too_many_sign_in_questions',
        })
      })
    },
  )
  it.each<[string, (headers: Record<string, string>) => Promise<unknown>]>([
    [
      'the route',
      (headers) => call('/registry/sign-in-options', { body: { email: 'a@b.example' }, headers }),
    ],
    ['REST', (headers) => askOverRest(headers)],
  ])('over %s is counted by the address of whoever asks, whatever they say it is', async (_, askWith) => {
    const count = () => rolledBack(admin, (db) => turnsFrom(db, '127.0.0.1'))
    const before = await count()
    for (let asked = 0; asked < 20; asked++) {
      const claimed = `198.51.100.${asked}`
      const names = ['x-forwarded-for', 'x-real-ip', 'cf-connecting-ip', 'client-address']
      await askWith(Object.fromEntries(names.map((name) => [name, claimed])))
    }
    expect(await count()).toBeGreaterThanOrEqual(before + 20)
  })
  it('from another address of the same IPv6 network is counted with it', async () => {
    await rolledBack(admin, async (db) => {
      const network = `2001:db8:${randomBytes(2).toString('hex')}`
      await turnsFrom(db, `${network}::1`, 600)
      await turnsFrom(db, `${network}:0:abcd::2`)
      await db.query('set local role anon')
      await expect(askOver(db)).rejects.toMatchObject({ code: 'PT429' })
    })
  })
  it('costs the same for an address of nobody, of a domain that is held, and of a bound provider', async () => {
    const hosts = [freshHost(), freshHost(), freshHost(), freshHost()]
    const [, pending, held, bound] = hosts
    await addDomain(tenant, bound!, 'verified')
    await addProvider(tenant)
    await addDomain(await makeTenant(), pending!, 'pending')
    await addDomain(await makeTenant(), held!, 'verified')
    const looks = await Promise.all(
      hosts.map((name) =>
        rolledBack(admin, async (db) => {
          const count = async () => {
            const { rows } = await db.query<{ relname: string; scans: number }>(
              `select relname, (seq_scan + coalesce(idx_scan, 0))::int as scans from pg_stat_xact_user_tables
               where relname in ('tenant_domains', 'tenants', 'tenant_idp_config', 'plan_excesses') order by 1`,
            )
            return rows
          }
          const before = await count()
          await db.query('select private.find_sign_in_options($1)', [`ada@${name}`])
          return (await count()).map(({ relname, scans }, n) => [relname, scans - before[n]!.scans])
        }),
      ),
    )
    expect(looks[0]).toEqual([
      ...[['plan_excesses', 1] as const, ['tenant_domains', 1] as const],
      ...[['tenant_idp_config', 1] as const, ['tenants', 1] as const],
    ])
    for (const each of looks) expect(each).toEqual(looks[0])
  })
})

describe('binding', () => {
  const bind = (of: Tenant, id: string | null, type = 'saml') =>
    call(`/registry/tenants/${of.ref_id}/identity-providers/${type}/sso-provider`, {
      method: 'PUT',
      apikey: inject('stack').secret_key,
      body: { sso_provider_id: id },
    })
  const tenantOf = (id: string) =>
    asService(async (db) => {
      const { rows } = await db.query('select private.tenant_of_sso_provider($1) as tenant', [id])
      return rows[0].tenant as string | null
    })

  it('says whose people a Supabase SSO provider signs in, until it is undone', async () => {
    await addProvider(tenant, { sso: null })
    expect((await bind(tenant, provider)).status).toBe(204)
    expect(await tenantOf(provider)).toBe(tenant.id)
    expect((await bind(tenant, null)).status).toBe(204)
    expect(await tenantOf(provider)).toBeNull()
  })
  it('waits for the check, and ends with the trust in it', async () => {
    await addProvider(tenant, { verified: false, sso: null })
    expect(await problemOf(await bind(tenant, provider))).toMatchObject({
      status: 409,
      code: 'idp_not_verified',
    })
    await addProvider(await makeTenant(), {})
    await admin.query(
      'update public.tenant_idp_config set verified = false, verified_at = null where sso_provider_id = $1',
      [provider],
    )
    expect(await tenantOf(provider)).toBeNull()
  })
  it('is for one tenant alone', async () => {
    const other = await makeTenant()
    await addProvider(tenant)
    await addProvider(other, { sso: null })
    expect(await problemOf(await bind(other, provider))).toMatchObject({
      status: 409,
      code: 'sso_provider_taken',
    })
    expect(await tenantOf(provider)).toBe(tenant.id)
  })
  it('ends when the settings become others', async () => {
    await addProvider(tenant)
    await asService(async (db) => {
      await db.query(
        `select public.set_idp_config($1, 'saml', '{"metadata_url": "https://other.example"}')`,
        [tenant.id],
      )
      const { rows } = await db.query('select private.tenant_of_sso_provider($1) as tenant', [provider])
      expect(rows[0].tenant).toBeNull()
    })
  })
  it('of what is not there is 404', async () => {
    expect((await bind(tenant, provider)).status).toBe(409)
    expect((await bind(tenant, null)).status).toBe(404)
    expect((await bind({ ...tenant, ref_id: 'nobody-here' }, null)).status).toBe(404)
  })
})
