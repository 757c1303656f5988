import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { callerReader } from '../../lib/auth/credentials.ts'

const jwtSecret = 'a-shared-secret-of-at-least-32-characters'
const secretKey = 'sb_secret_0123456789abcdefghij'
const supabaseUrl = 'http://127.0.0.1:1'
const sub = '0190b8c0-0000-7000-8000-000000000001'
const read = callerReader({
  supabaseUrl,
  secretKeys: ['sb_secret_anotherkeyofthisproject', secretKey],
  jwks: { keys: [] },
  jwtSecret,
})
const token = await new SignJWT({
  role: 'authenticated',
  sub,
  aud: 'authenticated',
  iss: `${supabaseUrl}/auth/v1`,
})
  .setProtectedHeader({ alg: 'HS256' })
  .setExpirationTime('10m')
  .sign(new TextEncoder().encode(jwtSecret))

const kind = async (headers: Record<string, string>) => (await read(new Headers(headers)))?.kind ?? null

describe('who is calling', () => {
  it.each<[string, Record<string, string>, string | null]>([
    ['nobody, without any header', {}, null],
    ['nobody, with a publishable key', { apikey: 'sb_publishable_abc' }, null],
    [
      'nobody, with the publishable key twice as supabase-js sends it',
      { apikey: 'sb_publishable_abc', authorization: 'Bearer sb_publishable_abc' },
      null,
    ],
    ['a person, with a token', { authorization: `Bearer ${token}` }, 'user'],
    ['a person, however Bearer is written', { authorization: `bearer  ${token} ` }, 'user'],
    [
      'a person, with a publishable key beside',
      { authorization: `Bearer ${token}`, apikey: 'sb_publishable_abc' },
      'user',
    ],
    [
      'a person, even with a secret key beside: the narrower of the two',
      { authorization: `Bearer ${token}`, apikey: secretKey },
      'user',
    ],
    ['the service, with a secret key', { apikey: secretKey }, 'service'],
    [
      'the service, with the key twice as supabase-js sends it',
      { apikey: secretKey, authorization: `Bearer ${secretKey}` },
      'service',
    ],
  ])('is %s', async (_name, headers, expected) => {
    expect(await kind(headers)).toBe(expected)
  })

  it.each<[string, Record<string, string>]>([
    ['a secret key as the token alone', { authorization: `Bearer ${secretKey}` }],
    [
      'a secret key as the token beside another key',
      { authorization: `Bearer ${secretKey}`, apikey: 'sb_publishable_abc' },
    ],
    ['a secret key of nobody', { apikey: 'sb_secret_0123456789abcdefghik' }],
    ['a secret key cut short', { apikey: secretKey.slice(0, -1) }],
    ['a broken token, even beside a secret key', { authorization: 'Bearer broken', apikey: secretKey }],
    ['Basic', { authorization: 'Basic YTpi' }],
    ['Bearer without a token', { authorization: 'Bearer' }],
    ['two tokens', { authorization: `Bearer ${token} ${token}` }],
  ])('is not told by %s', async (_name, headers) => {
    await expect(kind(headers)).rejects.toMatchObject({ code: 'unauthenticated', status: 401 })
  })

  it('is asked for in the words of RFC 6750', async () => {
    await expect(kind({ authorization: 'Bearer broken' })).rejects.toMatchObject({
      headers: { 'www-authenticate': 'Bearer realm="tenantry", error="invalid_token"' },
    })
  })
})
