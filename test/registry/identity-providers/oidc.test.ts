import { generateKeyPairSync } from 'node:crypto'
import type { OutgoingHttpHeaders, RequestListener } from 'node:http'
import { afterAll, describe, expect, it } from 'vitest'
import { IdpFault } from '../../../lib/registry/identity-providers/fault.ts'
import { checkOidc } from '../../../lib/registry/identity-providers/oidc.ts'
import {
  client,
  discoveryPath,
  type OidcServer,
  type Play,
  playOidcServer,
  publicKey,
  startOidcServer,
} from '../../kit/servers/oidc-server.ts'

const reach = { policy: { allowLoopback: true } }
const running: OidcServer[] = []
const keep = (server: OidcServer) => {
  running.push(server)
  return server
}
afterAll(() => Promise.all(running.map((server) => server.stop())))

const verdictOf = async (work: Promise<unknown>): Promise<{ message: string; isPassing: boolean }> => {
  try {
    return { message: `passed: ${JSON.stringify(await work)}`, isPassing: false }
  } catch (thrown) {
    if (thrown instanceof IdpFault) return { message: thrown.message, isPassing: thrown.isPassing }
    throw thrown
  }
}
const verdictOn = async (play: Play, secret: string | null = null) => {
  const { issuer } = keep(await playOidcServer(play))
  return verdictOf(checkOidc({ issuer, client_id: 'x' }, secret, reach))
}

describe('a real provider', () => {
  it.each(['client_secret_basic', 'client_secret_post'] as const)(
    'passes with its client and secret, sent by %s',
    async (method) => {
      const { issuer } = keep(await startOidcServer(method))
      const found = await checkOidc({ issuer, client_id: client.id }, client.secret, reach)
      expect(found).toMatchObject({
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        signing_algorithms: expect.arrayContaining(['RS256']),
        keys: [{ kid: 'signs', kty: 'RSA' }],
        client: 'accepted',
        warnings: [],
      })
    },
  )
  it('passes without a secret, and says that none was tried', async () => {
    const { issuer } = keep(await startOidcServer())
    expect(await checkOidc({ issuer, client_id: client.id }, null, reach)).toMatchObject({
      client: 'no secret',
    })
  })
  it.each([
    [client.id, 'wrong'],
    ['somebody:else', client.secret],
  ])('refuses the client %s with another secret', async (id, secret) => {
    const { issuer } = keep(await startOidcServer())
    expect(await verdictOf(checkOidc({ issuer, client_id: id }, secret, reach))).toEqual({
      message: 'The provider does not know this client id with this secret.',
      isPassing: false,
    })
  })
  it('is another one by another spelling of its issuer', async () => {
    const { issuer } = keep(await startOidcServer())
    const { message } = await verdictOf(
      checkOidc({ issuer: `${issuer}/`, client_id: client.id }, null, reach),
    )
    expect(message).toBe(`The discovery document is of the issuer ${issuer}, not of ${issuer}/.`)
  })
})

const answer =
  (status: number, body: string | Uint8Array, headers: OutgoingHttpHeaders = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(status, headers)
    response.end(body)
  }
const rsa = (bits: number) => ({
  ...generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' }),
  kid: `rsa-${bits}`,
  use: 'sig',
})

describe('a provider is refused', () => {
  it.each<[string, Play, RegExp]>([
    [
      'with another issuer',
      { discovery: () => ({ issuer: 'https://login.example' }) },
      /of the issuer https:\/\/login\.example, not/,
    ],
    ['with a list for an issuer', { discovery: (issuer) => ({ issuer: [issuer] }) }, /another shape: issuer/],
    ['without keys’ address', { discovery: () => ({ jwks_uri: undefined }) }, /lacks.*jwks_uri/],
    [
      'without endpoints',
      { discovery: () => ({ token_endpoint: undefined, authorization_endpoint: 1 }) },
      /authorization_endpoint, token_endpoint/,
    ],
    [
      'that offers no code flow',
      { discovery: () => ({ response_types_supported: ['id_token'] }) },
      /response type "code"/,
    ],
    [
      'that signs with a shared secret',
      { discovery: () => ({ id_token_signing_alg_values_supported: ['HS256'] }) },
      /signs with HS256/,
    ],
    [
      'that does not sign',
      { discovery: () => ({ id_token_signing_alg_values_supported: ['none'] }) },
      /signs with none/,
    ],
    [
      'with a token endpoint in the inner network',
      { discovery: () => ({ token_endpoint: 'https://10.0.0.1/token' }) },
      /token_endpoint cannot be used.*not public/,
    ],
    [
      'with keys at the metadata service',
      { discovery: () => ({ jwks_uri: 'https://169.254.169.254/' }) },
      /jwks_uri cannot be used.*not public/,
    ],
    [
      'with plain http',
      { discovery: () => ({ authorization_endpoint: 'http://login.example/' }) },
      /authorization_endpoint cannot be used: Only https/,
    ],
    [
      'with a script for an endpoint',
      { discovery: () => ({ authorization_endpoint: 'javascript:alert(1)' }) },
      /Only https/,
    ],
    ['with no keys', { keys: [] }, /no key/],
    ['with a key for encryption alone', { keys: [{ ...rsa(2048), use: 'enc' }] }, /no key/],
    ['with a key for another algorithm', { keys: [{ ...rsa(2048), alg: 'PS512' }] }, /no key/],
    ['with RSA of 1024 bits', { keys: [rsa(1024)] }, /rsa-1024 has 1024 bits; RSA needs 2048/],
    [
      'with a key that is none',
      { keys: [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'odd' }] },
      /odd cannot be read/,
    ],
    ['with its private key', { keys: [{ ...rsa(2048), d: 'AQAB' }] }, /private key/],
    ['with a shared secret among the keys', { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }, /private key/],
    ['with no key set', { at: { '/jwks': answer(200, '[]') } }, /not a JSON Web Key Set/],
    ['without the key set', { at: { '/jwks': answer(404, '{}') } }, /key set.*404/],
    [
      'with a page instead of the document',
      { at: { [discoveryPath]: answer(200, '<!doctype html><p>Welcome') } },
      /not JSON/,
    ],
    [
      'with bytes instead of text',
      { at: { [discoveryPath]: answer(200, new Uint8Array([0x22, 0xff, 0x22])) } },
      /not UTF-8/,
    ],
    [
      'with a compressed document',
      { at: { [discoveryPath]: answer(200, '{}', { 'content-encoding': 'gzip' }) } },
      /compressed/,
    ],
    [
      'with a document without an end',
      { at: { [discoveryPath]: answer(200, ' '.repeat(300_000)) } },
      /longer than 262144 bytes/,
    ],
    [
      'with a key set without an end',
      { at: { '/jwks': answer(200, `{"keys":[${' '.repeat(300_000)}]}`) } },
      /longer than/,
    ],
    [
      'that redirects',
      { at: { [discoveryPath]: answer(302, '', { location: 'http://169.254.169.254/' }) } },
      /redirects, which is not followed/,
    ],
    [
      'whose keys are behind a redirect',
      { at: { '/jwks': answer(307, '', { location: '/keys' }) } },
      /redirects/,
    ],
  ])('%s', async (_name, play, message) => {
    const verdict = await verdictOn(play)
    expect(verdict.message).toMatch(message)
    expect(verdict.isPassing).toBe(false)
  })

  it('by a name that leads to a public and to a private address', async () => {
    const mixed = { resolve: async () => ['93.184.215.14', '10.0.0.1'] }
    const verdict = await verdictOf(
      checkOidc({ issuer: 'https://login.example', client_id: 'x' }, null, mixed),
    )
    expect(verdict).toEqual({
      message: 'The discovery document: login.example leads to an address that is not public.',
      isPassing: false,
    })
  })
  it('by plain http, and by loopback, unless the setting opens it', async () => {
    const server = keep(await playOidcServer())
    const closed = { policy: { allowLoopback: false } }
    const { message } = await verdictOf(checkOidc({ issuer: server.issuer, client_id: 'x' }, null, closed))
    expect(message).toMatch(/Only https/)
    expect(server.asked.size).toBe(0)
  })
  it('when its name turns to an inner address between two requests', async () => {
    const named = (issuer: string) => issuer.replace('127.0.0.1', 'login.localhost')
    const server = keep(
      await playOidcServer({
        discovery: (issuer) => ({ issuer: named(issuer), jwks_uri: `${named(issuer)}/jwks` }),
      }),
    )
    const answers = [['127.0.0.1'], ['192.168.1.1']]
    const rebinding = { ...reach, resolve: async () => answers.shift() ?? [] }
    const settings = { issuer: named(server.issuer), client_id: 'x' }
    expect(await verdictOf(checkOidc(settings, null, rebinding))).toEqual({
      message: 'The key set (jwks_uri): login.localhost leads to an address that is not public.',
      isPassing: false,
    })
    expect([...server.asked.keys()]).toEqual([discoveryPath])
  })
})

describe('a provider that does not answer', () => {
  it.each<[string, Play, RegExp]>([
    ['fails', { at: { [discoveryPath]: answer(500, 'oops') } }, /answered 500/],
    ['asks to wait', { at: { '/jwks': answer(429, '') } }, /answered 429/],
    ['hangs up', { at: { [discoveryPath]: (request) => request.socket.destroy() } }, /connection ended/],
    ['says nothing', { at: { '/jwks': () => {} } }, /within 5 seconds/],
  ])('and %s may pass another time', async (_name, play, message) => {
    const verdict = await verdictOn(play)
    expect(verdict.message).toMatch(message)
    expect(verdict.isPassing).toBe(true)
  })
  it('because it is gone', async () => {
    const server = await playOidcServer()
    await server.stop()
    const verdict = await verdictOf(checkOidc({ issuer: server.issuer, client_id: 'x' }, null, reach))
    expect(verdict.isPassing).toBe(true)
  })
})

describe('what is good enough', () => {
  it.each(['RS256', 'PS256', 'ES256', 'ES384'])('a key for %s', async (algorithm) => {
    const keys = [await publicKey(algorithm)]
    const discovery = () => ({ id_token_signing_alg_values_supported: [algorithm, 'none'] })
    expect((await verdictOn({ keys, discovery })).message).toMatch(/^passed/)
  })
  it('one good key beside a weak one, with a warning', async () => {
    const { message } = await verdictOn({ keys: [rsa(1024) as never, await publicKey('RS256')] })
    expect(message).toMatch(/^passed.*rsa-1024 has 1024 bits/)
  })
  it.each(['invalid_request', 'unauthorized_client', 'unsupported_grant_type'])(
    'a token endpoint that says %s, which is no word on the secret',
    async (error) => {
      const at = { '/token': answer(400, JSON.stringify({ error })) }
      expect((await verdictOn({ at }, 'secret')).message).toMatch(
        /"client":"unknown".*could not be found out/,
      )
    },
  )
  it('a provider that takes no client secret is not sent one', async () => {
    const server = keep(
      await playOidcServer({
        discovery: () => ({ token_endpoint_auth_methods_supported: ['private_key_jwt'] }),
      }),
    )
    const settings = { issuer: server.issuer, client_id: 'x' }
    expect(await checkOidc(settings, 'secret', reach)).toMatchObject({ client: 'unknown' })
    expect(server.asked.get('/token')).toBeUndefined()
  })
})
