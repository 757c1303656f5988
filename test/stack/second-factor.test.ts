import type { SupabaseClient } from '@supabase/supabase-js'
import { describe, expect, inject, it } from 'vitest'
import { codeAt } from '../../stack/auth-rest/totp.ts'
import { call } from '../kit/call.ts'
import { anonClient } from '../kit/clients.ts'
import { superuser } from '../kit/db.ts'
import { type Person, signUpPerson } from '../kit/sign-up.ts'

// The embedded Auth has a second factor as a hosted one has it, seen through supabase-js.

const password = 'a password of this test'
const now = (secret: string) => codeAt(secret, Date.now())
/** One digit more is another code. */
const wrong = (secret: string) => String((Number(now(secret)) + 1) % 1_000_000).padStart(6, '0')

async function enrol({ auth }: SupabaseClient, friendlyName = 'phone') {
  const { data, error } = await auth.mfa.enroll({ factorType: 'totp', friendlyName })
  if (error) throw error
  return { factorId: data.id, secret: data.totp.secret, uri: data.totp.uri }
}
async function withFactor(): Promise<Person & { factorId: string; secret: string }> {
  const person = await signUpPerson()
  await person.client.auth.updateUser({ password })
  const { factorId, secret } = await enrol(person.client)
  const { error } = await person.client.auth.mfa.challengeAndVerify({ factorId, code: now(secret) })
  if (error) throw error
  return { ...person, factorId, secret }
}
async function signInAgain(email: string): Promise<SupabaseClient> {
  const client = anonClient()
  const { error } = await client.auth.signInWithPassword({ email, password })
  if (error) throw error
  return client
}
const levelsOf = async ({ auth }: SupabaseClient) => {
  const { data } = await auth.mfa.getAuthenticatorAssuranceLevel()
  return [data?.currentLevel, data?.nextLevel]
}
const codeOf = (answer: { error: { code?: string | undefined } | null }) => answer.error?.code

it('codes are those of RFC 6238', () => {
  // Its SHA-1 vectors, of the secret 12345678901234567890, without the first two digits.
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  expect([59, 1111111109, 1234567890, 20000000000].map((at) => codeAt(secret, at * 1000))).toEqual([
    '287082',
    '081804',
    '005924',
    '353130',
  ])
})

describe('a second factor', () => {
  it('raises the session with the code of the app, and not with another', async () => {
    const person = await signUpPerson()
    const { factorId, secret, uri } = await enrol(person.client)
    expect(new URL(uri).searchParams.get('secret')).toBe(secret)
    const { mfa } = person.client.auth
    const refused = await mfa.challengeAndVerify({ factorId, code: wrong(secret) })
    expect(codeOf(refused)).toBe('mfa_verification_failed')
    expect(await levelsOf(person.client)).toEqual(['aal1', 'aal1'])
    expect((await mfa.challengeAndVerify({ factorId, code: now(secret) })).error).toBeNull()
    expect(await levelsOf(person.client)).toEqual(['aal2', 'aal2'])
    const { data } = await mfa.listFactors()
    expect(data?.totp).toMatchObject([{ id: factorId, friendly_name: 'phone', status: 'verified' }])
  })

  it('stays with a session that is refreshed, and is asked for again by the next one', async () => {
    const { client, email, factorId, secret } = await withFactor()
    await client.auth.refreshSession()
    expect(await levelsOf(client)).toEqual(['aal2', 'aal2'])
    const next = await signInAgain(email)
    expect(await levelsOf(next)).toEqual(['aal1', 'aal2'])
    await next.auth.mfa.challengeAndVerify({ factorId, code: now(secret) })
    expect(await levelsOf(next)).toEqual(['aal2', 'aal2'])
  })

  it('is changed by nobody who has only the password', async () => {
    const { email, factorId } = await withFactor()
    const { mfa } = (await signInAgain(email)).auth
    expect(codeOf(await mfa.unenroll({ factorId }))).toBe('insufficient_aal')
    expect(codeOf(await mfa.enroll({ factorType: 'totp', friendlyName: 'another' }))).toBe('insufficient_aal')
  })

  it('ends the sessions that were there before it', async () => {
    const person = await signUpPerson()
    await person.client.auth.updateUser({ password })
    const before = await signInAgain(person.email)
    const { factorId, secret } = await enrol(person.client)
    await person.client.auth.mfa.challengeAndVerify({ factorId, code: now(secret) })
    expect((await before.auth.refreshSession()).error).not.toBeNull()
  })

  it('is removed with itself, and then the session has none', async () => {
    const { client, factorId } = await withFactor()
    expect((await client.auth.mfa.unenroll({ factorId })).error).toBeNull()
    await client.auth.refreshSession()
    expect(await levelsOf(client)).toEqual(['aal1', 'aal1'])
  })

  it("is nobody else's", async () => {
    const [{ factorId, secret }, stranger] = [await withFactor(), await withFactor()]
    const { mfa } = stranger.client.auth
    expect(codeOf(await mfa.challenge({ factorId }))).toBe('mfa_factor_not_found')
    expect(codeOf(await mfa.unenroll({ factorId }))).toBe('mfa_factor_not_found')
    const mine = await mfa.challenge({ factorId: stranger.factorId })
    const crossed = await mfa.verify({ factorId, challengeId: mine.data!.id, code: now(secret) })
    expect(codeOf(crossed)).toBe('mfa_factor_not_found')
    const anonymous = await fetch(`${inject('stack').api_url}/auth/v1/factors`, {
      method: 'POST',
      body: '{}',
    })
    expect(anonymous.status).toBe(401)
  })

  it('takes a challenge once, and has ten apps at most, each with a name of its own', async () => {
    const { client, factorId, secret } = await withFactor()
    const { mfa } = client.auth
    const { data } = await mfa.challenge({ factorId })
    const answer = () => mfa.verify({ factorId, challengeId: data!.id, code: now(secret) })
    expect((await answer()).error).toBeNull()
    expect(codeOf(await answer())).toBe('mfa_challenge_expired')
    const another = (friendlyName: string) => mfa.enroll({ factorType: 'totp', friendlyName })
    expect(codeOf(await another('phone'))).toBe('mfa_factor_name_conflict')
    for (let n = 2; n <= 10; n++) expect((await another(`app ${n}`)).error).toBeNull()
    expect(codeOf(await another('one more'))).toBe('too_many_enrolled_mfa_factors')
  })
})

it('an operator signs in with it, and without it is told so', async () => {
  const { client, email, id } = await withFactor()
  await superuser.query('select private.appoint_operator($1)', [email])
  const find = async (by: SupabaseClient) => {
    const { data } = await by.auth.getSession()
    return call('/registry/operator/tenants?limit=1', { token: data.session!.access_token })
  }
  expect((await find(client)).status).toBe(200)
  const refused = await find(await signInAgain(email))
  expect(await refused.json()).toMatchObject({ status: 403, code: 'second_factor_required' })
  await superuser.query(
    `with made as (select set_config('session_replication_role', 'replica', true))
     delete from public.tenant_members using made where user_id = $1`,
    [id],
  )
})
