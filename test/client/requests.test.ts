import { describe, expect, it } from 'vitest'
import { type ClientOptions, createClient } from '../../lib/client/index.ts'
import { json, serve } from './scripted-server.ts'

const products = json({ products: [] })

async function headersFrom(options: Omit<ClientOptions, 'url'>, init = {}) {
  const server = await serve(products)
  await createClient({ url: server.url, ...options }).GET('/registry/products', init)
  const { authorization, apikey, 'x-tenant': tenant } = server.seen[0]!.headers
  return { authorization, apikey, tenant }
}

describe('credentials', () => {
  it.each<[string, Omit<ClientOptions, 'url'>, { authorization?: string; apikey?: string; tenant?: string }]>(
    [
      ['nobody', {}, {}],
      ['a person', { accessToken: 'token' }, { authorization: 'Bearer token' }],
      ['a session', { accessToken: async () => 'fresh' }, { authorization: 'Bearer fresh' }],
      ['a session that is signed out', { accessToken: () => null }, {}],
      ['an API key', { apiKey: 'tk_live_x' }, { authorization: 'Bearer tk_live_x' }],
      ['a secret key', { secretKey: 'sb_secret_x' }, { apikey: 'sb_secret_x' }],
      ['a visitor', { publishableKey: 'sb_publishable_x' }, { apikey: 'sb_publishable_x' }],
      [
        'a person of a project',
        { accessToken: 't', publishableKey: 'sb_publishable_x' },
        { authorization: 'Bearer t', apikey: 'sb_publishable_x' },
      ],
      [
        'somebody in a tenant',
        { accessToken: 't', tenant: 'brightpath' },
        { authorization: 'Bearer t', tenant: 'brightpath' },
      ],
    ],
  )('of %s are sent where the server reads them', async (_name, options, expected) => {
    expect(await headersFrom(options)).toEqual({
      authorization: undefined,
      apikey: undefined,
      tenant: undefined,
      ...expected,
    })
  })

  it('of one call win over those of the client', async () => {
    const init = { headers: { authorization: 'Bearer other', 'x-tenant': 'other' } }
    expect(await headersFrom({ accessToken: 't', tenant: 'a' }, init)).toMatchObject({
      authorization: 'Bearer other',
      tenant: 'other',
    })
  })

  it.each<[string, Omit<ClientOptions, 'url'>, RegExp]>([
    ['two callers', { accessToken: 't', apiKey: 'tk_live_x' }, /one caller/],
    ['a person and a secret key', { accessToken: 't', secretKey: 'sb_secret_x' }, /one caller/],
    ['a secret key as an API key', { apiKey: 'sb_secret_x' }, /apiKey must begin with "tk_"/],
    ['an API key as a secret key', { secretKey: 'tk_live_x' }, /secretKey must begin with "sb_secret_"/],
    ['a secret key as the publishable one', { publishableKey: 'sb_secret_x' }, /is a secret key/],
  ])('that make no sense are refused before anything is sent: %s', (_name, options, message) => {
    expect(() => createClient({ url: 'http://127.0.0.1:9', ...options })).toThrow(message)
    expect(() => createClient({ url: 'http://127.0.0.1:9', ...options })).not.toThrow(/_x/)
  })
})

describe('addresses', () => {
  it.each(['', '/', '//', '/?a=b#c'])('have one slash, whatever the URL ends with: %j', async (end) => {
    const server = await serve(products)
    await createClient({ url: `${server.url}${end}` }).GET('/registry/products')
    expect(server.seen[0]!.url).toBe('/functions/v1/registry/products')
  })

  it.each(['ftp://example.com', 'javascript:alert(1)', 'example.com', ''])('cannot be %j', (url) => {
    expect(() => createClient({ url })).toThrow(TypeError)
  })

  it('keep a value in its place', async () => {
    const server = await serve(products)
    const client = createClient({ url: server.url })
    for (const slug of ['a/b', 'a?b', 'ü #', '$&', '../a']) {
      await client.GET('/branding/by-slug/{slug}', { params: { path: { slug } } })
      expect(server.seen.at(-1)!.url).toBe(`/functions/v1/branding/by-slug/${encodeURIComponent(slug)}`)
    }
  })

  it.each(['', '.', '..'])('cannot have %j as a value', async (slug) => {
    const server = await serve(products)
    const client = createClient({ url: server.url })
    await expect(client.GET('/branding/by-slug/{slug}', { params: { path: { slug } } })).rejects.toThrow(
      /"slug" must be given/,
    )
    expect(server.seen).toEqual([])
  })
})
