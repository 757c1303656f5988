import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { IdentityProvider, IdentityProviders } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { asService } from '../../kit/db.ts'
import { daysFromNow, makeCertificate } from '../../kit/servers/certificates.ts'
import { client, type OidcServer, playOidcServer, startOidcServer } from '../../kit/servers/oidc-server.ts'
import { samlMetadata } from '../../kit/servers/saml-metadata.ts'
import { signXml } from '../../kit/servers/signed-metadata.ts'
import { check, makeWorld, oidcSettings, path, put, read, revisionOf } from './world.ts'

let provider: OidcServer
beforeAll(async () => {
  provider = await startOidcServer()
})
afterAll(() => provider.stop())

const oidc = (more = {}) => oidcSettings(provider.issuer, more)

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
  it('whose pasted metadata is not what the pinned certificate signed is refused as it is set', async () => {
    const world = await makeWorld()
    const [rsa, other] = await Promise.all([1, 2].map(() => makeCertificate({ rsaBits: 2048 })))
    const plain = samlMetadata([rsa!.base64], { attributes: 'ID="_1"' })
    const pinned = { metadata_signing_certificate: rsa!.pem }
    for (const [metadata_xml, detail] of [
      [plain, /not signed.*remove the pinned certificate/],
      [signXml(plain, other!), /another certificate.*pin it/],
      [signXml(plain, rsa!).replace('/sso', '/ss0'), /does not fit.*Fetch it anew/],
      [plain.replace('?>', '?><!DOCTYPE x>'), /document type/],
    ] as const) {
      const response = await put(world, 'saml', { metadata_xml, ...pinned })
      expect(response.headers.get('content-type')).toContain('application/problem+json')
      expect(await response.json()).toMatchObject({
        ...{ status: 422, code: 'invalid_value' },
        errors: [{ pointer: '/metadata_xml', detail: expect.stringMatching(detail) }],
      })
    }
    expect((await put(world, 'saml', { metadata_xml: signXml(plain, rsa!), ...pinned })).status).toBe(200)
    expect(await check(world, 'saml')).toMatchObject({
      verified: true,
      metadata: pinned,
      discovered: { signature: { is_pinned: true, algorithm: 'RSA-SHA256' } },
    })
  })
  it.each(['', 'x', 'ab'.repeat(31), '-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----'])(
    'has no certificate %j that could sign its metadata',
    async (metadata_signing_certificate) => {
      const world = await makeWorld()
      const metadata_url = 'https://idp.example.com/metadata'
      const response = await put(world, 'saml', { metadata_url, metadata_signing_certificate })
      expect(await response.json()).toMatchObject({
        errors: [{ pointer: '/metadata_signing_certificate' }],
      })
    },
  )
})
