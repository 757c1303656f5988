import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { call, problemOf } from '../kit/call.ts'
import { anonClient } from '../kit/clients.ts'
import { superuser } from '../kit/db.ts'
import { linkIn, mailTo } from '../kit/mailbox.ts'
import { makePerson, type Person, signToken } from '../kit/people.ts'
import { signUpConfirmed } from '../kit/sign-up.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'

const stack = inject('stack')

/** Uses up the link of the newest mail to an address, as the button of web/confirm does. */
async function press(address: string, client = anonClient()) {
  // The mail of an invitation may have come as well.
  const mails = await mailTo(address)
  const { type, token_hash } = linkIn(
    mails.findLast(({ links }) => links.some((link) => link.includes('/confirm/'))),
  )
  return client.auth.verifyOtp({ type: type as 'signup', token_hash })
}
const codeIn = async (address: string) => (await mailTo(address)).at(-1)!.codes[0]!
const isConfirmed = async (email: string): Promise<boolean> =>
  (
    await superuser.query('select email_confirmed_at is not null as it from auth.users where email = $1', [
      email,
    ])
  ).rows[0]?.it

let email: string
let password: string
beforeEach(() => {
  email = `${randomUUID()}@example.com`
  password = randomUUID()
})

describe('a sign-up', () => {
  it('is no session and confirms nothing until its mail is read', async () => {
    const client = anonClient()
    const { data, error } = await client.auth.signUp({ email, password })
    expect([error, data.session]).toEqual([null, null])
    expect(await isConfirmed(email)).toBe(false)
    expect((await client.auth.signInWithPassword({ email, password })).error?.code).toBe(
      'email_not_confirmed',
    )
    expect(await mailTo(email)).toHaveLength(1)

    expect((await press(email)).error).toBeNull()
    expect(await isConfirmed(email)).toBe(true)
    expect((await client.auth.signInWithPassword({ email, password })).error).toBeNull()
  })

  it('is confirmed by its code of six digits, once, and the link is used up with it', async () => {
    const client = anonClient()
    await client.auth.signUp({ email, password })
    const token = await codeIn(email)
    expect(token).toMatch(/^\d{6}$/)
    const confirmed = await client.auth.verifyOtp({ type: 'email', email: email.toUpperCase(), token })
    expect([confirmed.error, confirmed.data.user?.email]).toEqual([null, email])
    expect((await client.auth.verifyOtp({ type: 'email', email, token })).error?.code).toBe('otp_expired')
    expect((await press(email)).error?.code).toBe('otp_expired')
  })

  it('mails a link that does nothing when it is followed, whoever does it and how often', async () => {
    await anonClient().auth.signUp({ email, password })
    const [mail] = await mailTo(email)
    expect(mail!.links).toHaveLength(1)
    for (const method of ['GET', 'HEAD', 'GET']) {
      const page = await fetch(mail!.links[0]!, { method })
      expect([page.status, page.headers.get('content-security-policy')]).toEqual([
        200,
        expect.stringContaining("frame-ancestors 'none'"),
      ])
    }
    expect(await isConfirmed(email)).toBe(false)
    expect((await press(email)).error).toBeNull()
  })

  it('is not confirmed by a guess, by a code that was sent to somebody else, or too late', async () => {
    const other = `${randomUUID()}@example.com`
    const client = anonClient()
    await client.auth.signUp({ email, password })
    await client.auth.signUp({ email: other, password })
    const foreign = await codeIn(other)
    const [mine, wrong] = [await codeIn(email), (token: string) => ({ type: 'email' as const, email, token })]
    const guesses = ['000000', '999999', `${mine}0`, mine.slice(1), '', foreign].filter(
      (each) => each !== mine,
    )
    for (const token of guesses) expect((await client.auth.verifyOtp(wrong(token))).error).not.toBeNull()
    for (const token_hash of ['0'.repeat(64), linkIn((await mailTo(email))[0]).token_hash.slice(1)])
      expect((await client.auth.verifyOtp({ type: 'signup', token_hash })).error?.code).toBe('otp_expired')
    await superuser.query(
      `update auth.users set confirmation_sent_at = now() - interval '3601 seconds' where email = $1`,
      [email],
    )
    expect((await client.auth.verifyOtp(wrong(mine))).error?.code).toBe('otp_expired')
    expect((await press(email)).error?.code).toBe('otp_expired')
    expect(await isConfirmed(email)).toBe(false)
  })

  it('gets another mail after a minute, and the one before is worth nothing from then on', async () => {
    const client = anonClient()
    await client.auth.signUp({ email, password })
    const again = () => client.auth.resend({ type: 'signup', email })
    expect((await again()).error?.status).toBe(429)
    await superuser.query(
      `update auth.users set confirmation_sent_at = now() - interval '61 seconds' where email = $1`,
      [email],
    )
    const first = linkIn((await mailTo(email))[0]).token_hash
    const path = `${stack.api_url}/auth/v1/resend`
    const body = JSON.stringify({ type: 'signup', email })
    expect((await fetch(path, { method: 'POST', body, headers: { apikey: 'sb_publishable_x' } })).ok).toBe(
      false,
    )
    expect((await again()).error).toBeNull()
    expect(await mailTo(email)).toHaveLength(2)
    expect((await again()).error?.status).toBe(429)
    expect((await client.auth.verifyOtp({ type: 'signup', token_hash: first })).error?.code).toBe(
      'otp_expired',
    )
    expect((await press(email)).error).toBeNull()
    expect((await again()).error).toBeNull()
    expect(await mailTo(email)).toHaveLength(2)
  })

  it('needs ten characters of password', async () => {
    const short = await anonClient().auth.signUp({ email, password: 'abcdefghi' })
    expect(short.error?.code).toBe('weak_password')
    expect(await mailTo(email)).toEqual([])
  })
})

describe('a sign-in by mail', () => {
  it('confirms nobody before the mail is read, and an account that it made neither', async () => {
    const client = anonClient()
    expect((await client.auth.signInWithOtp({ email })).error).toBeNull()
    expect(await isConfirmed(email)).toBe(false)
    const { data } = await client.auth.verifyOtp({ type: 'email', email, token: await codeIn(email) })
    expect(data.session?.user.email).toBe(email)
    expect(await isConfirmed(email)).toBe(true)
  })
  it('by its link works once', async () => {
    await anonClient().auth.signInWithOtp({ email })
    expect((await press(email)).data.session?.user.email).toBe(email)
    expect((await press(email)).error?.code).toBe('otp_expired')
  })
})

describe('a forgotten password', () => {
  beforeEach(async () => {
    await signUpConfirmed(anonClient(), email)
  })
  it('is replaced by whoever reads the mail', async () => {
    const client = anonClient()
    expect((await client.auth.resetPasswordForEmail(email)).error).toBeNull()
    expect(linkIn((await mailTo(email)).at(-1)).type).toBe('recovery')
    await press(email, client)
    expect((await client.auth.updateUser({ password: 'short' })).error?.code).toBe('weak_password')
    expect((await client.auth.updateUser({ password })).error).toBeNull()
    expect((await anonClient().auth.signInWithPassword({ email, password })).error).toBeNull()
  })
  it('of nobody sends no mail, and says so to nobody', async () => {
    const nobody = `${randomUUID()}@example.com`
    expect((await anonClient().auth.resetPasswordForEmail(nobody)).error).toBeNull()
    expect(await mailTo(nobody)).toEqual([])
  })
})

describe('a change of address', () => {
  let client: ReturnType<typeof anonClient>
  let wanted: string
  beforeEach(async () => {
    client = anonClient()
    wanted = `${randomUUID()}@example.com`
    await signUpConfirmed(client, email)
    expect((await client.auth.updateUser({ email: wanted })).error).toBeNull()
  })
  const address = async () => (await client.auth.getUser()).data.user?.email

  it('asks both mailboxes, and each has a code of its own', async () => {
    const [old, fresh] = [(await mailTo(email)).at(-1)!, (await mailTo(wanted)).at(-1)!]
    expect([linkIn(old).type, linkIn(fresh).type]).toEqual(['email_change', 'email_change'])
    expect(linkIn(old).token_hash).not.toBe(linkIn(fresh).token_hash)
    for (const { text } of [old, fresh]) {
      expect(text).toContain(email)
      expect(text).toContain(wanted)
    }
  })
  it.each([
    ['the old one first', (old: string, fresh: string) => [old, fresh]],
    ['the new one first', (old: string, fresh: string) => [fresh, old]],
  ])('counts when both have confirmed it: %s', async (_what, order) => {
    const [first, second] = order(email, wanted)
    const half = await press(first!)
    expect([half.error, half.data.session]).toEqual([null, null])
    expect((await press(first!)).error?.code).toBe('otp_expired')
    expect(await address()).toBe(email)
    expect((await press(second!)).data.user?.email).toBe(wanted)
    expect(await address()).toBe(wanted)
  })
  it('counts by codes as well', async () => {
    const verify = async (to: string) =>
      client.auth.verifyOtp({ type: 'email_change', email: to, token: await codeIn(to) })
    expect((await verify(wanted)).error).toBeNull()
    expect(await address()).toBe(email)
    expect((await verify(email)).error).toBeNull()
    expect(await address()).toBe(wanted)
  })
  it('when both are pressed at once counts, and one of them is told so', async () => {
    const answers = await Promise.all([press(email), press(wanted)])
    expect(answers.map(({ error }) => error)).toEqual([null, null])
    expect(answers.filter(({ data }) => data.session !== null)).toHaveLength(1)
    expect(await address()).toBe(wanted)
  })
  it('that is asked for again begins anew: a half that was confirmed before counts for nothing', async () => {
    const third = `${randomUUID()}@example.com`
    const before = linkIn((await mailTo(wanted)).at(-1)).token_hash
    await press(email)
    await client.auth.updateUser({ email: third })
    const outdated = await client.auth.verifyOtp({ type: 'email_change', token_hash: before })
    expect(outdated.error?.code).toBe('otp_expired')
    await press(third)
    expect(await address()).toBe(email)
    await press(email)
    expect(await address()).toBe(third)
  })
  it('is too old after an hour, half confirmed or not', async () => {
    await press(wanted)
    await superuser.query(
      `update auth.users set email_change_sent_at = now() - interval '3601 seconds' where email = $1`,
      [email],
    )
    expect((await press(email)).error?.code).toBe('otp_expired')
    expect(await address()).toBe(email)
  })
})

describe('an invitation', () => {
  let owner: Person
  let tenant: Tenant
  beforeEach(async () => {
    owner = await makePerson()
    tenant = await makeTenant({ owner })
  })
  const invite = async (address: string): Promise<string> => {
    const path = `/registry/tenants/${tenant.slug}/invitations`
    const answer = await call(path, { token: owner.token, body: { email: address } })
    return ((await answer.json()) as { token: string }).token
  }

  it('waits for the mail of whoever signs up with its address', async () => {
    const token = await invite(email)
    const client = anonClient()
    await client.auth.signUp({ email, password })
    await press(email)
    await client.auth.signInWithPassword({ email, password })
    const accepted = await client.functions.invoke('registry/invitations/accept', { body: { token } })
    expect(accepted.data).toMatchObject({ ref_id: tenant.ref_id })
  })

  it('is not accepted by an account that asked for its address, before both mailboxes have confirmed it', async () => {
    const token = await invite(email)
    const own = `${randomUUID()}@example.com`
    const client = anonClient()
    await signUpConfirmed(client, own)
    expect((await client.auth.updateUser({ email })).error).toBeNull()
    const accept = async () => {
      const { data } = await client.auth.getSession()
      return call('/registry/invitations/accept', { token: data.session!.access_token, body: { token } })
    }
    const notYours = { status: 403, code: 'invitation_not_yours' }
    expect(await problemOf(await accept())).toMatchObject(notYours)
    // Their own mailbox is all that an impostor can read.
    await press(own)
    expect(await problemOf(await accept())).toMatchObject(notYours)
    await press(email)
    expect((await accept()).status).toBe(200)
  })

  it('is not accepted by an account that a sign-in mail made and nobody opened', async () => {
    const token = await invite(email)
    await anonClient().auth.signInWithOtp({ email })
    const { rows } = await superuser.query('select id from auth.users where email = $1', [email])
    const access = await signToken({ sub: rows[0].id, email })
    expect(
      await problemOf(await call('/registry/invitations/accept', { token: access, body: { token } })),
    ).toMatchObject({ status: 403, code: 'email_not_confirmed' })
  })
})

it('a hosted project asks for the same', async () => {
  const settings = await (
    await fetch(`${stack.api_url}/auth/v1/settings`, { headers: { apikey: stack.publishable_key } })
  ).json()
  expect(settings).toMatchObject({ mailer_autoconfirm: false, disable_signup: false })
})
