import { describe, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { asService, asUser } from '../../kit/db.ts'
import { makeWorld, oidcSettings, path, put } from './world.ts'

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
    expect((await put(await makeWorld(), type, oidcSettings('https://login.example'))).status).toBe(404)
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
      ['saml', { metadata_xml: '<a/>', metadata_signing_certificate: 1 }, null],
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
    await put(world, 'oidc', oidcSettings('https://login.example'))
    const tried = asUser(world.owner.id, (db) => db.query(statement.replace('TENANT', world.tenant.id)))
    await expect(tried).rejects.toMatchObject({ code: '42501' })
  })
  it('is not even the service’s to write past the check', async () => {
    const tried = asService((db) => db.query('update public.tenant_idp_config set verified = true'))
    await expect(tried).rejects.toMatchObject({ code: '42501' })
  })
})

describe('what to enter at the provider', () => {
  it('is where Supabase Auth expects its answers', async () => {
    const world = await makeWorld()
    await put(world, 'oidc', oidcSettings('https://login.example'))
    await put(world, 'saml', { metadata_url: 'https://idp.example.com/metadata' })
    const read = async (type: string) =>
      (await call(path(world, `/${type}`), { token: world.owner.token })).json()
    const { at_provider: oidc } = await read('oidc')
    expect(oidc).toMatchObject({
      redirect_uri: expect.stringMatching(/^https?:\/\/.+\/auth\/v1\/callback$/),
      acs_url: null,
    })
    const { at_provider: saml } = await read('saml')
    expect(saml).toMatchObject({ redirect_uri: null, entity_id: saml.metadata_url })
    expect([saml.acs_url, saml.metadata_url].map((url: string) => new URL(url).pathname)).toEqual([
      '/auth/v1/sso/saml/acs',
      '/auth/v1/sso/saml/metadata',
    ])
    expect(new URL(saml.acs_url).origin).toBe(new URL(oidc.redirect_uri).origin)
  })
})
