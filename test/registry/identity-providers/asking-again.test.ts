import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { CheckedProviders } from '../../../lib/registry/index.ts'
import { call } from '../../kit/call.ts'
import { admin, rolledBack } from '../../kit/db.ts'
import { daysFromNow, makeCertificate } from '../../kit/servers/certificates.ts'
import { type OidcServer, playOidcServer } from '../../kit/servers/oidc-server.ts'
import { samlMetadata } from '../../kit/servers/saml-metadata.ts'
import { signXml } from '../../kit/servers/signed-metadata.ts'
import { byGroup, makeCompany, roleOf, setRule, signIn } from '../joining/world.ts'
import { check, makeWorld, put, read, type World } from './world.ts'

/** Makes the providers of a tenant those that wait longest. */
const age = ({ tenant }: Pick<World, 'tenant'>, by = '27 hours') =>
  admin.query(
    `update public.tenant_idp_config set last_checked_at = now() - $2::interval, check_started_at = null where tenant_id = $1`,
    [tenant.id, by],
  )

/** Cron in the background may be quicker: then the provider was asked just now. */
async function askAgain(world: Pick<World, 'tenant'>) {
  await age(world)
  const response = await call('/registry/identity-providers/check', {
    method: 'POST',
    apikey: inject('stack').secret_key,
  })
  expect(response.status).toBe(200)
  CheckedProviders.parse(await response.json())
  await expect
    .poll(async () => {
      const { rows } = await admin.query<{ is_asked: boolean }>(
        `select bool_and(last_checked_at > now() - interval '20 hours') as is_asked from public.tenant_idp_config where tenant_id = $1`,
        [world.tenant.id],
      )
      return rows[0]!.is_asked
    })
    .toBe(true)
}

const told = async ({ tenant }: Pick<World, 'tenant'>, type: string) => {
  const { rows } = await admin.query(
    'select 1 from public.notifications where tenant_id = $1 and type = $2',
    [tenant.id, type],
  )
  return rows.length
}

async function makeVerified(provider: OidcServer): Promise<World> {
  const world = await makeWorld()
  await put(world, 'oidc', { issuer: provider.issuer, client_id: 'x' })
  expect((await check(world, 'oidc')).verified).toBe(true)
  return world
}

const bind = ({ tenant }: World) =>
  admin.query(
    'update public.tenant_idp_config set sso_provider_id = gen_random_uuid() where tenant_id = $1',
    [tenant.id],
  )

describe('a provider that was verified is asked again', () => {
  it('and a good answer counts from now', async () => {
    const provider = await playOidcServer()
    const world = await makeVerified(provider)
    await askAgain(world)
    expect(provider.asked.get('/jwks')).toBe(2)
    expect(await read(world, 'oidc')).toMatchObject({ verified: true, last_check_error: null })
    expect(await told(world, 'idp.failing')).toBe(0)
    await provider.stop()
  })

  it('and what was bad twice counts no more, is told once, and is cleared by a good answer', async () => {
    let issuer: string | undefined
    const provider = await playOidcServer({ discovery: () => (issuer ? { issuer } : {}) })
    const world = await makeVerified(provider)
    await bind(world)
    issuer = 'https://evil.example'
    await askAgain(world)
    const error = expect.stringContaining('https://evil.example')
    expect(await read(world, 'oidc')).toMatchObject({ verified: true, last_check_error: error })
    await askAgain(world)
    expect(await read(world, 'oidc')).toMatchObject({ verified: false, last_check_error: error })
    expect(await told(world, 'idp.failing')).toBe(1)
    issuer = undefined
    await askAgain(world)
    expect(await read(world, 'oidc')).toMatchObject({ verified: true, last_check_error: null })
    issuer = 'https://evil.example'
    await askAgain(world)
    expect(await told(world, 'idp.failing')).toBe(2)
    await provider.stop()
  })

  it('and one that cannot be reached is told of once, and stays verified', async () => {
    const provider = await playOidcServer()
    const world = await makeVerified(provider)
    await provider.stop()
    for (let n = 0; n < 3; n++) await askAgain(world)
    expect(await read(world, 'oidc')).toMatchObject({
      verified: true,
      last_check_error: expect.stringContaining('No connection'),
    })
    expect(await told(world, 'idp.failing')).toBe(1)
  })

  it('and whoever joined by it stays, whether it is gone or bad', async () => {
    const provider = await playOidcServer()
    const company = await makeCompany()
    await setRule(company, byGroup(['coaches', 'member']))
    const ada = await signIn(company, ['coaches'])
    const settings = (metadata: object) =>
      admin.query(`update public.tenant_idp_config set metadata = $2 where tenant_id = $1`, [
        company.tenant.id,
        metadata,
      ])
    const settle = () => admin.query('select private.settle_rule_memberships($1)', [company.tenant.id])
    const ended = await makeCertificate({ notAfter: daysFromNow(-0.5) })
    await settings({ metadata_url: `${provider.issuer}/metadata` })
    await provider.stop()
    await askAgain(company)
    await settle()
    expect(await roleOf(company, ada.id)).toBe('member')
    await settings({ metadata_xml: samlMetadata([ended.base64]) })
    await askAgain(company)
    await settle()
    expect(await read(company, 'saml')).toMatchObject({ verified: false })
    expect(await roleOf(company, ada.id)).toBe('member')
  })

  it('and metadata that the pinned certificate no longer signs changes nothing, and is told of once', async () => {
    const [old, next] = await Promise.all([1, 2].map(() => makeCertificate({ rsaBits: 2048 })))
    const rolled = samlMetadata([next!.base64], {
      attributes: 'ID="_1"',
      location: 'https://new.example/sso',
    })
    let metadata = signXml(samlMetadata([old!.base64], { attributes: 'ID="_1"' }), old!)
    const server = createServer((_request, response) => response.end(metadata)).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const metadata_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metadata`
    const world = await makeWorld()
    await put(world, 'saml', { metadata_url, metadata_signing_certificate: old!.pem })
    const first = await check(world, 'saml')
    expect(first).toMatchObject({ verified: true, discovered: { signature: { is_pinned: true } } })

    for (const [answer, error] of [
      [signXml(rolled, next!), 'signed by another certificate than the pinned one'],
      [rolled, 'The metadata is not signed'],
      ['<html><body>Back soon</body></html>', 'The metadata is not signed'],
      [metadata.replace('idp.example/sso', 'evil.example/sso'), 'does not fit'],
    ] as const) {
      metadata = answer
      await askAgain(world)
      const { discovered, keys_expire_at, verified_at } = first
      const last_check_error = expect.stringContaining(error)
      const kept = { verified: true, discovered, keys_expire_at, verified_at, last_check_error }
      expect(await read(world, 'saml')).toMatchObject(kept)
      // A manager who asks takes nothing away either.
      expect(await check(world, 'saml')).toMatchObject(kept)
    }
    expect(await told(world, 'idp.failing')).toBe(1)

    metadata = signXml(rolled, next!)
    await put(world, 'saml', { metadata_url, metadata_signing_certificate: next!.pem })
    expect(await read(world, 'saml')).toMatchObject({ verified: false, discovered: {} })
    expect(await check(world, 'saml')).toMatchObject({
      verified: true,
      last_check_error: null,
      discovered: {
        single_sign_on: [{ location: 'https://new.example/sso' }],
        signature: { is_pinned: true },
      },
    })
  })

  it('also of a tenant that is frozen', async () => {
    const provider = await playOidcServer()
    const world = await makeVerified(provider)
    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [world.tenant.id])
    await askAgain(world)
    expect(provider.asked.get('/jwks')).toBe(2)
    await provider.stop()
  })
})

describe('among the providers that are due', () => {
  const claimed = (change: string, world: Pick<World, 'tenant'>) =>
    rolledBack(admin, async (db) => {
      await db.query(`update public.tenant_idp_config set ${change} where tenant_id = $1`, [world.tenant.id])
      const { rows } = await db.query('select tenant_id from private.claim_due_idps(100000)')
      return rows.some(({ tenant_id }) => tenant_id === world.tenant.id)
    })

  it.each([
    ['asked 21 hours ago', `last_checked_at = now() - interval '21 hours'`, false],
    ['asked 27 hours ago', `last_checked_at = now() - interval '27 hours'`, true],
    ['that failed an hour ago', `last_check_error = 'x', last_checked_at = now() - interval '1 hour'`, true],
    [
      'that failed just now',
      `last_check_error = 'x', last_checked_at = now() - interval '59 minutes'`,
      false,
    ],
    [
      'under way',
      `last_checked_at = now() - interval '2 days', check_started_at = now() - interval '59 minutes'`,
      false,
    ],
    [
      'whose check died',
      `last_checked_at = now() - interval '2 days', check_started_at = now() - interval '1 hour'`,
      true,
    ],
    [
      'neither verified nor bound',
      `verified = false, verified_at = null, sso_provider_id = null, last_checked_at = now() - interval '2 days'`,
      false,
    ],
    [
      'bound and bad',
      `verified = false, verified_at = null, last_check_error = 'x', last_checked_at = now() - interval '2 days'`,
      true,
    ],
  ])('stands one %s, or does not', async (_what, change, isDue) => {
    expect(await claimed(change, await makeCompany())).toBe(isDue)
  })

  it('none is of a tenant that is archived', async () => {
    const { tenant } = await makeCompany()
    await rolledBack(admin, async (db) => {
      await db.query(`update public.tenants set status = 'archived' where id = $1`, [tenant.id])
      await db.query(
        'update public.tenant_idp_config set last_checked_at = null, verified = false, verified_at = null',
      )
      const { rows } = await db.query('select tenant_id from private.claim_due_idps(100000)')
      expect(rows.map(({ tenant_id }) => tenant_id)).not.toContain(tenant.id)
    })
  })

  it('those that wait longest come first, each one once, and one whose check never ends holds up nobody', async () => {
    const companies = await Promise.all([1, 2, 3].map(() => makeCompany()))
    await rolledBack(admin, async (db) => {
      await db.query(
        'update public.tenant_idp_config set last_checked_at = now() where last_checked_at is not null',
      )
      for (const [n, { tenant }] of companies.entries())
        await db.query(
          `update public.tenant_idp_config set last_checked_at = now() - make_interval(hours => $2),
           check_started_at = case when $3 then now() - interval '61 minutes' end where tenant_id = $1`,
          [tenant.id, [40, 60, 90][n], n === 2],
        )
      const claim = async () =>
        (await db.query('select tenant_id from private.claim_due_idps(1)')).rows.map(
          ({ tenant_id }) => tenant_id,
        )
      expect(await claim()).toEqual([companies[1]!.tenant.id])
      expect(await claim()).toEqual([companies[0]!.tenant.id])
      expect(await claim()).toEqual([companies[2]!.tenant.id])
      expect(await claim()).toEqual([])
      const { rows } = await db.query('select private.request_idp_checks() as said')
      expect(rows[0].said).toBe('No provider is due.')
    })
  })
})
