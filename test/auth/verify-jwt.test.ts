import { createServer } from 'node:http'
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jwtVerifier } from '../../lib/auth/verify-jwt.ts'
import { Problem } from '../../lib/db/index.ts'
import { eventually } from '../kit/eventually.ts'

const sub = '0190b8c0-0000-7000-8000-000000000001'
const jwtSecret = 'a-shared-secret-of-at-least-32-characters'
const now = Math.floor(Date.now() / 1000)

const es256 = await generateKeyPair('ES256', { extractable: true })
const rs256 = await generateKeyPair('RS256', { extractable: true })
const rotated = await generateKeyPair('ES256', { extractable: true })
const stranger = await generateKeyPair('ES256')
const es256Jwk = { ...(await exportJWK(es256.publicKey)), kid: 'es', alg: 'ES256', use: 'sig' }
const rs256Jwk = { ...(await exportJWK(rs256.publicKey)), kid: 'rs', alg: 'RS256', use: 'sig' }

// A project's Auth, publishing the key it rotated to after this isolate was started.
let jwksRequests = 0
const auth = createServer(async (request, response) => {
  jwksRequests++
  if (request.url !== '/auth/v1/.well-known/jwks.json') return void response.writeHead(404).end()
  const keys = [{ ...(await exportJWK(rotated.publicKey)), kid: 'rotated', alg: 'ES256' }]
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }))
})
let supabaseUrl = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => auth.listen(0, '127.0.0.1', resolve))
  const address = auth.address()
  if (typeof address !== 'object' || !address) throw new Error('no address')
  supabaseUrl = `http://127.0.0.1:${address.port}`
})
afterAll(() => void auth.close())

const verifier = (changes: { jwtSecret?: string | undefined; supabaseUrl?: string } = {}) =>
  jwtVerifier({ supabaseUrl, secretKeys: [], jwks: { keys: [es256Jwk, rs256Jwk] }, jwtSecret, ...changes })

function token(
  key: CryptoKey | Uint8Array,
  header: { alg: string; kid?: string },
  claims: JWTPayload = {},
): Promise<string> {
  const usual = {
    sub,
    role: 'authenticated',
    aud: 'authenticated',
    iss: `${supabaseUrl}/auth/v1`,
    exp: now + 600,
  }
  return new SignJWT({ ...usual, ...claims }).setProtectedHeader(header).sign(key)
}
const shared = new TextEncoder().encode(jwtSecret)
const es = { alg: 'ES256', kid: 'es' }

async function refusal(attempt: Promise<unknown>): Promise<string> {
  const thrown = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(thrown instanceof Problem)) throw new Error(`not refused: ${thrown}`)
  return thrown.code
}

describe('a token of this project is accepted', () => {
  it.each([
    ['ES256', () => token(es256.privateKey, es)],
    ['RS256', () => token(rs256.privateKey, { alg: 'RS256', kid: 'rs' })],
    ['HS256 with the shared secret', () => token(shared, { alg: 'HS256' })],
    [
      'for several audiences, this one among them',
      () => token(es256.privateKey, es, { aud: ['x', 'authenticated'] }),
    ],
    [
      'up to 5 seconds after its end, for clocks differ',
      () => token(es256.privateKey, es, { exp: Math.floor(Date.now() / 1000) - 3 }),
    ],
  ])('%s', async (_name, make) => {
    expect(await verifier()(await make())).toEqual({ sub, role: 'authenticated' })
  })

  it('hands on the known claims only', async () => {
    const made = await token(es256.privateKey, es, {
      email: 'a@example.com',
      aal: 'aal1',
      user_metadata: { role: 'admin' },
    })
    expect(await verifier()(made)).toEqual({
      sub,
      role: 'authenticated',
      email: 'a@example.com',
      aal: 'aal1',
    })
  })

  it('signed with a key the project rotated to, found at its JWKS address', async () => {
    const verify = verifier()
    expect(await verify(await token(rotated.privateKey, { alg: 'ES256', kid: 'rotated' }))).toHaveProperty(
      'sub',
      sub,
    )
  })
})

describe('a token is refused', () => {
  it.each([
    ['signed by a stranger under a known key id', () => token(stranger.privateKey, es)],
    [
      'signed with another shared secret',
      () => token(new TextEncoder().encode('x'.repeat(40)), { alg: 'HS256' }),
    ],
    [
      'signed HS256 with the public key as the secret',
      async () => {
        const pem = new TextEncoder().encode(await exportSPKI(es256.publicKey))
        return token(pem, { alg: 'HS256', kid: 'es' })
      },
    ],
    [
      'signed HS256 with the public JWK as the secret',
      () => token(new TextEncoder().encode(JSON.stringify(es256Jwk)), { alg: 'HS256', kid: 'es' }),
    ],
    ['an RS256 key id under ES256', () => token(es256.privateKey, { alg: 'ES256', kid: 'rs' })],
    ['an algorithm outside the list', () => token(shared, { alg: 'HS512' })],
    ['of another project', () => token(es256.privateKey, es, { iss: 'https://other.supabase.co/auth/v1' })],
    ['of another project, signed HS256', () => token(shared, { alg: 'HS256' }, { iss: 'supabase' })],
    ['for another audience', () => token(es256.privateKey, es, { aud: 'anon' })],
    ['not valid yet', () => token(es256.privateKey, es, { nbf: now + 60 })],
    ['for the service role', () => token(shared, { alg: 'HS256' }, { role: 'service_role' })],
    ['with a subject that is no id', () => token(es256.privateKey, es, { sub: "x' or true --" })],
    ['without an issuer', () => token(es256.privateKey, es, { iss: undefined as never })],
    ['without a subject', () => token(es256.privateKey, es, { sub: undefined as never })],
    ['without an end', () => token(es256.privateKey, es, { exp: undefined as never })],
    [
      'with a body changed after signing',
      async () => {
        const [header, , signature] = (await token(es256.privateKey, es)).split('.')
        const body = Buffer.from(JSON.stringify({ sub, role: 'authenticated', exp: now + 600 })).toString(
          'base64url',
        )
        return `${header}.${body}.${signature}`
      },
    ],
    [
      'without a signature',
      async () => `${(await token(es256.privateKey, es)).split('.').slice(0, 2).join('.')}.`,
    ],
    [
      'that says its algorithm is none',
      async () => {
        const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
        const [, body] = (await token(es256.privateKey, es)).split('.')
        return `${part({ alg: 'none' })}.${body}.`
      },
    ],
    ['that is no token', () => 'nonsense'],
    ['that is three dots', () => '...'],
    ['of absurd length', () => 'a'.repeat(100_000)],
  ])('%s', async (_name, make) => {
    expect(await refusal(verifier()(await make()))).toBe('unauthenticated')
  })

  it('whose time is over, with a code of its own', async () => {
    expect(await refusal(verifier()(await token(es256.privateKey, es, { exp: now - 60 })))).toBe(
      'token_expired',
    )
  })

  it('signed HS256 where no shared secret is configured', async () => {
    const verify = verifier({ jwtSecret: undefined })
    expect(await refusal(verify(await token(shared, { alg: 'HS256' })))).toBe('unauthenticated')
  })
})

describe('a token that was accepted a moment ago', () => {
  it('is not verified again', async () => {
    const verify = verifier()
    const made = await token(rotated.privateKey, { alg: 'ES256', kid: 'rotated' })
    const claims = await verify(made)
    // The same object: nothing was parsed.
    expect(await verify(made)).toBe(claims)
  })

  it('is refused from the moment when it expires', async () => {
    const verify = verifier()
    // It counts for another second or two.
    const made = await token(es256.privateKey, es, { exp: Math.floor(Date.now() / 1000) - 3 })
    await verify(made)
    await eventually(async () => expect(await refusal(verify(made))).toBe('token_expired'))
  })

  it('vouches for no other one', async () => {
    const verify = verifier()
    const made = await token(es256.privateKey, es)
    await verify(made)
    const [header, claims, signature] = made.split('.') as [string, string, string]
    const other = signature.startsWith('A') ? 'B' : 'A'
    expect(await refusal(verify(`${header}.${claims}.${other}${signature.slice(1)}`))).toBe('unauthenticated')
    const admin = Buffer.from(JSON.stringify({ sub, role: 'service_role' })).toString('base64url')
    expect(await refusal(verify(`${header}.${admin}.${signature}`))).toBe('unauthenticated')
  })
})

it('invented key ids do not become a stream of requests to Auth', async () => {
  const verify = verifier()
  const before = jwksRequests
  for (let n = 0; n < 20; n++) {
    expect(await refusal(verify(await token(stranger.privateKey, { alg: 'ES256', kid: `k${n}` })))).toBe(
      'unauthenticated',
    )
  }
  expect(jwksRequests - before).toBe(1)
})

it("when the keys cannot be fetched that is our fault, not the token's", async () => {
  const verify = verifier({ supabaseUrl: 'http://127.0.0.1:9' })
  expect(await refusal(verify(await token(stranger.privateKey, { alg: 'ES256', kid: 'new' })))).toBe(
    'unavailable',
  )
})
