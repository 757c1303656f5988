import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { IdentityProvider, IdentityProviders } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, asService, asUser, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { daysFromNow, makeCertificate } from '../../kit/servers/certificates.ts'
import { client, type OidcServer, playOidcServer, startOidcServer } from '../../kit/servers/oidc-server.ts'
import { samlMetadata } from '../../kit/servers/saml-metadata.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let provider: OidcServer
beforeAll(async () => {
  provider = await startOidcServer()
})
afterAll(() => provider.stop())

interface World {
  owner: Person
  tenant: Tenant
}
async function makeWorld(): Promise<World> {
  const owner = await makePerson()
  return { owner, tenant: await makeTenant({ owner }) }
}

const path = ({ tenant }: World, rest = '') => `/registry/tenants/${tenant.slug}/identity-providers${rest}`
const put = (world: World, type: string, body: unknown) =>
  call(path(world, `/${type}`), { method: 'PUT', token: world.owner.token, body })
const check = async (world: World, type: string) => {
  // Nobody waits here; that one has to is a test of its own.
  await admin.query('update public.tenant_idp_config set check_started_at = null where tenant_id = $1', [
    world.tenant.id,
  ])
  const response = await call(path(world, `/${type}/check`), { method: 'POST', token: world.owner.token })
  expect(response.status).toBe(200)
  return IdentityProvider.parse(await response.json())
}
const read = async (world: World, type: string) => {
  const response = await call(path(world, `/${type}`), { token: world.owner.token })
  return IdentityProvider.parse(await response.json())
}
const oidc = (more = {}) => ({
  issuer: provider.issuer,
  client_id: client.id,
  client_secret: client.secret,
  ...more,
})
const secretsOf = async ({ tenant }: World): Promise<string[]> => {
  const { rows } = await superuser.query<{ secret: string }>(
    `select s.decrypted_secret as secret from public.tenant_idp_config as c
     join vault.decrypted_secrets as s on s.id = c.client_secret_id where c.tenant_id = $1`,
    [tenant.id],
  )
  return rows.map(({ secret }) => secret)
}
const isSecretLeft = async (id: string) =>
  (await superuser.query('select from vault.secrets where id = $1', [id])).rowCount === 1
const revisionOf = async ({ tenant }: World) => {
  const { rows } = await superuser.query<{ revision: string }>(
    'select revision from public.tenant_idp_config where tenant_id = $1',
    [tenant.id],
  )
  return rows[0]!.revision
}
const secretIdOf = async ({ tenant }: World) => {
  const { rows } = await superuser.query<{ id: string }>(
    'select client_secret_id as id from public.tenant_idp_config where tenant_id = $1',
    [tenant.id],
  )
  return rows[0]!.id
}

describe('an OIDC provider', () => {
  it('is unverified until it was asked, and then says what was found', async () => {
    const world = await makeWorld()
    const set = await put(world, 'oidc', oidc())
    expect(set.status).toBe(200)
    expect(IdentityProvider.parse(await set.json())).toMatchObject({
      type: 'oidc',
      metadata: { issuer: provider.issuer, client_id: client.id },
      has_client_secret: true,
      verified: false,
      last_checked_at: null,
    })
    expect(await check(world, 'oidc')).toMatchObject({
      verified: true,
      verified_at: expect.any(String),
      last_check_error: null,
      discovered: { client: 'accepted', token_endpoint: `${provider.issuer}/token` },
    })
    const list = await call(path(world), { token: world.owner.token })
    expect(IdentityProviders.parse(await list.json()).identity_providers).toHaveLength(1)
  })

  it('with a wrong secret stays unverified and says why', async () => {
    const world = await makeWorld()
    await put(world, 'oidc', oidc({ client_secret: 'wrong' }))
    expect(await check(world, 'oidc')).toMatchObject({
      verified: false,
      last_check_error: 'The provider does not know this client id with this secret.',
    })
  })

  it.each([
    ['another client', { client_id: 'other' }],
    ['another secret', { client_secret: 'another' }],
    ['other scopes', { scopes: ['groups'] }],
  ])('set anew with %s has to be checked anew', async (_what, change) => {
    const world = await makeWorld()
    await put(world, 'oidc', oidc())
    await check(world, 'oidc')
    await put(world, 'oidc', oidc(change))
    expect(await read(world, 'oidc')).toMatchObject({
      verified: false,
      verified_at: null,
      last_checked_at: null,
      discovered: {},
    })
  })
  it('set again as it is stays verified', async () => {
    const world = await makeWorld()
    await put(world, 'oidc', oidc())
    await check(world, 'oidc')
    await put(world, 'oidc', { issuer: provider.issuer, client_id: client.id })
    expect(await read(world, 'oidc')).toMatchObject({ verified: true, has_client_secret: true })
  })
  it('that is down for a moment stays verified; one that turned bad does not', async () => {
    const world = await makeWorld()
    let status = 200
    const flaky = await playOidcServer({
      discovery: () => (status === 200 ? {} : { issuer: 'https://evil.example' }),
    })
    await put(world, 'oidc', { issuer: flaky.issuer, client_id: 'x' })
    expect((await check(world, 'oidc')).verified).toBe(true)
    status = 666
    expect(await check(world, 'oidc')).toMatchObject({ verified: false, discovered: {} })
    status = 200
    expect((await check(world, 'oidc')).verified).toBe(true)
    await flaky.stop()
    expect(await check(world, 'oidc')).toMatchObject({
      verified: true,
      last_check_error: expect.stringContaining('No connection'),
      discovered: { client: 'no secret' },
    })
  })
  it('is asked at most every five seconds', async () => {
    const world = await makeWorld()
    const counted = await playOidcServer()
    await put(world, 'oidc', { issuer: counted.issuer, client_id: 'x' })
    const ask = () => call(path(world, '/oidc/check'), { method: 'POST', token: world.owner.token })
    const answers = await Promise.all([ask(), ask(), ask(), ask()])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 429, 429, 429])
    expect(await problemOf(await ask())).toMatchObject({ status: 429, code: 'idp_just_checked' })
    expect(counted.asked.get('/jwks')).toBe(1)
    await counted.stop()
  })
  it('deleted and made anew while it is checked is not vouched for either', async () => {
    const world = await makeWorld()
    await put(world, 'oidc', oidc())
    const revision = await revisionOf(world)
    await call(path(world, '/oidc'), { method: 'DELETE', token: world.owner.token })
    await put(world, 'oidc', { issuer: 'https://login.example', client_id: 'x' })
    const recorded = asService((db) =>
      db.query(`select private.record_idp_check($1, 'oidc', $2, 'good')`, [world.tenant.id, revision]),
    )
    await expect(recorded).rejects.toMatchObject({ code: 'PT409', message: 'idp_changed' })
  })
  it('changed while it is checked is not vouched for', async () => {
    const world = await makeWorld()
    let isAsked = () => {}
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve
    })
    let answer = () => {}
    const slow = await playOidcServer({
      at: {
        '/jwks': (_request, response) => {
          answer = () => response.end('{"keys":[]}')
          isAsked()
        },
      },
    })
    await put(world, 'oidc', { issuer: slow.issuer, client_id: 'x' })
    const checking = call(path(world, '/oidc/check'), { method: 'POST', token: world.owner.token })
    await asked
    await put(world, 'oidc', oidc())
    answer()
    expect(await problemOf(await checking)).toMatchObject({ status: 409, code: 'idp_changed' })
    expect(await read(world, 'oidc')).toMatchObject({ verified: false, last_checked_at: null })
    await slow.stop()
  })
})

describe('a SAML provider', () => {
  it('passes by pasted metadata, and warns before its certificate ends', async () => {
    const world = await makeWorld()
    const { base64 } = await makeCertificate({ notAfter: daysFromNow(20.5) })
    expect((await put(world, 'saml', { metadata_xml: samlMetadata([base64]) })).status).toBe(200)
    expect(await check(world, 'saml')).toMatchObject({
      verified: true,
      discovered: { entity_id: 'https://idp.example/saml' },
      warnings: ['The last certificate expires in 20 days.'],
      has_client_secret: false,
    })
  })
  it.each([
    ['expired', { notBefore: daysFromNow(-9), notAfter: daysFromNow(-1) }, 'expired on'],
    ['not yet valid', { notBefore: daysFromNow(1) }, 'not valid before'],
  ])('whose certificate is %s does not', async (_what, dates, why) => {
    const world = await makeWorld()
    const { base64 } = await makeCertificate(dates)
    await put(world, 'saml', { metadata_xml: samlMetadata([base64]) })
    expect(await check(world, 'saml')).toMatchObject({
      verified: false,
      last_check_error: expect.stringContaining(why),
    })
  })
})

describe('settings', () => {
  it.each<[string, unknown, string[]]>([
    ['oidc', {}, ['/issuer', '/client_id']],
    ['oidc', { issuer: 'http://login.example', client_id: 'x' }, ['/issuer']],
    ['oidc', { issuer: 'https://10.0.0.1', client_id: 'x' }, ['/issuer']],
    ['oidc', { issuer: 'https://169.254.169.254', client_id: 'x' }, ['/issuer']],
    ['oidc', { issuer: 'https://login.example?x', client_id: 'x' }, ['/issuer']],
    ['oidc', { issuer: 'https://user:pass@login.example', client_id: 'x' }, ['/issuer']],
    ['oidc', { issuer: 'https://login.example', client_id: 'a b' }, ['/client_id']],
    ['oidc', { issuer: 'https://login.example', client_id: 'x', verified: true }, ['/verified']],
    ['oidc', { metadata_xml: '<a/>' }, ['/issuer', '/client_id', '/metadata_xml']],
    ['saml', {}, ['']],
    ['saml', { metadata_xml: '<a/>', metadata_url: 'https://idp.example' }, ['']],
    ['saml', { metadata_url: 'https://[::1]:x/' }, ['/metadata_url']],
    ['saml', { metadata_xml: '<a/>', client_secret: 'x' }, ['/client_secret']],
  ])('for %s of %j are refused', async (type, body, pointers) => {
    const world = await makeWorld()
    expect(await problemOf(await put(world, type, body))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers,
    })
  })
  it.each(['ldap', 'OIDC', 'saml2'])('of the unknown kind %s are not there', async (type) => {
    expect((await put(await makeWorld(), type, oidc())).status).toBe(404)
  })
  it.each(['GET', 'DELETE'])('that nobody made are not there for %s', async (method) => {
    const world = await makeWorld()
    expect((await call(path(world, '/saml'), { method, token: world.owner.token })).status).toBe(404)
  })
  it('through SQL are held to the same rules', async () => {
    const { owner, tenant } = await makeWorld()
    for (const [type, metadata, secret] of [
      ['oidc', { issuer: 'x', client_id: 'y', client_secret: 'z' }, null],
      ['oidc', { issuer: 1 }, null],
      ['oidc', [], null],
      ['saml', { metadata_xml: '' }, null],
      ['saml', { metadata_xml: 'x' }, 'a secret'],
      ['ldap', {}, null],
    ])
      await expect(
        asUser(owner.id, (db) =>
          db.query('select public.set_idp_config($1, $2, $3, $4)', [
            tenant.id,
            type,
            JSON.stringify(metadata),
            secret,
          ]),
        ),
      ).rejects.toMatchObject({ code: 'PT422', message: 'invalid_value' })
  })
})

describe('the client secret', () => {
  it('is shown by no route, no table and no function of a member', async () => {
    const world = await makeWorld()
    const marked = `marked-${randomUUID()}`
    const answers = [await put(world, 'oidc', oidc({ client_secret: marked }))]
    answers.push(await call(path(world), { token: world.owner.token }))
    answers.push(await call(path(world, '/oidc'), { token: world.owner.token }))
    answers.push(await call(path(world, '/oidc/check'), { method: 'POST', token: world.owner.token }))
    for (const answer of answers) expect(await answer.text()).not.toContain(marked)
    const { rows } = await superuser.query(
      'select c::text from public.tenant_idp_config as c where tenant_id = $1',
      [world.tenant.id],
    )
    expect(JSON.stringify(rows)).not.toContain(marked)
    expect(await secretsOf(world)).toEqual([marked])
    for (const statement of [
      `select private.read_idp_secret('${world.tenant.id}', 'oidc', gen_random_uuid())`,
      'select * from vault.decrypted_secrets',
    ])
      await expect(asUser(world.owner.id, (db) => db.query(statement))).rejects.toMatchObject({
        code: '42501',
      })
  })
  it('stays for the same client, and goes when issuer or client become others', async () => {
    const world = await makeWorld()
    await put(world, 'oidc', oidc())
    const first = await secretIdOf(world)
    await put(world, 'oidc', { issuer: provider.issuer, client_id: client.id, scopes: ['groups'] })
    expect(await secretsOf(world)).toEqual([client.secret])
    // Otherwise a new issuer's token endpoint would be sent the old one's secret.
    await put(world, 'oidc', { issuer: 'https://login.example', client_id: client.id })
    expect(await secretsOf(world)).toEqual([])
    expect(await isSecretLeft(first)).toBe(false)
  })
  it('that is replaced, or whose provider or tenant is deleted, is gone from Vault', async () => {
    const world = await makeWorld()
    await put(world, 'oidc', oidc())
    const first = await secretIdOf(world)
    await put(world, 'oidc', oidc({ client_secret: 'second' }))
    const second = await secretIdOf(world)
    expect([await isSecretLeft(first), await isSecretLeft(second)]).toEqual([false, true])
    const removed = await call(path(world, '/oidc'), { method: 'DELETE', token: world.owner.token })
    expect([removed.status, await isSecretLeft(second)]).toEqual([204, false])
    await put(world, 'oidc', oidc())
    const third = await secretIdOf(world)
    await admin.query('delete from public.tenants where id = $1', [world.tenant.id])
    expect(await isSecretLeft(third)).toBe(false)
  })
  it('of settings that have changed is not read', async () => {
    const world = await makeWorld()
    await put(world, 'oidc', oidc())
    const readOf = (revision: string) =>
      asService(async (db) => {
        const { rows } = await db.query(`select private.read_idp_secret($1, 'oidc', $2) as secret`, [
          world.tenant.id,
          revision,
        ])
        return rows[0].secret
      })
    const first = await revisionOf(world)
    expect(await readOf(first)).toBe(client.secret)
    await put(world, 'oidc', oidc({ client_secret: 'second' }))
    expect(await readOf(first)).toBeNull()
  })
})

describe('verified', () => {
  it.each([
    `update public.tenant_idp_config set verified = true, verified_at = now(), last_checked_at = now()`,
    `update public.tenant_idp_config set metadata = '{}'`,
    `update public.tenant_idp_config set sso_provider_id = gen_random_uuid()`,
    `insert into public.tenant_idp_config (tenant_id, type, verified) values ('TENANT', 'saml', true)`,
    `select private.record_idp_check('TENANT', 'oidc', gen_random_uuid(), 'good')`,
    `select private.begin_idp_check('TENANT', 'oidc')`,
    `select private.bind_sso_provider('TENANT', 'oidc', gen_random_uuid())`,
    `select private.tenant_of_sso_provider(gen_random_uuid())`,
  ])('is not for members: %s', async (statement) => {
    const world = await makeWorld()
    await put(world, 'oidc', oidc())
    const tried = asUser(world.owner.id, (db) => db.query(statement.replace('TENANT', world.tenant.id)))
    await expect(tried).rejects.toMatchObject({ code: '42501' })
  })
  it('is not even the service’s to write past the check', async () => {
    const tried = asService((db) => db.query('update public.tenant_idp_config set verified = true'))
    await expect(tried).rejects.toMatchObject({ code: '42501' })
  })
})
