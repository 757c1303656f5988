import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { call, problemOf } from '../kit/call.ts'
import { anonClient } from '../kit/clients.ts'
import { superuser } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { signUpConfirmed } from '../kit/sign-up.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'

const stack = inject('stack')

/** What Auth sent to an address, the newest last. */
async function mailTo(address: string): Promise<{ subject: string; text: string }[]> {
  const lines = (await readFile(join(stack.data_dir, 'mail.jsonl'), 'utf8').catch(() => '')).split('\n')
  return lines.flatMap((line) => {
    const mail = line && (JSON.parse(line) as { to: string; subject: string; text: string })
    return mail && mail.to === address ? [mail] : []
  })
}
const linkIn = (text: string) => new URL(text.match(/https?:\/\/\S+verify\S+/)![0])
const follow = (link: URL) => fetch(link, { redirect: 'manual' })
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

    const [mail, ...others] = await mailTo(email)
    expect(others).toEqual([])
    expect((await follow(linkIn(mail!.text))).status).toBe(303)
    expect(await isConfirmed(email)).toBe(true)
    expect((await client.auth.signInWithPassword({ email, password })).error).toBeNull()
  })

  it('with a link that somebody guessed confirms nothing', async () => {
    await anonClient().auth.signUp({ email, password })
    const link = linkIn((await mailTo(email))[0]!.text)
    link.searchParams.set('token', '0'.repeat(56))
    expect((await follow(link)).headers.get('location')).toContain('error')
    expect(await isConfirmed(email)).toBe(false)
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
    await follow(linkIn((await mailTo(email))[0]!.text))
    await client.auth.signInWithPassword({ email, password })
    const accepted = await client.functions.invoke('registry/invitations/accept', { body: { token } })
    expect(accepted.data).toMatchObject({ ref_id: tenant.ref_id })
  })

  it('is not accepted by an account that asked for its address and did not read the mail', async () => {
    const token = await invite(email)
    const own = `${randomUUID()}@example.com`
    const client = anonClient()
    await signUpConfirmed(client, own)
    const before = await mailTo(own)
    expect((await client.auth.updateUser({ email })).error).toBeNull()
    const accept = async () => {
      const { data } = await client.auth.getSession()
      return call('/registry/invitations/accept', { token: data.session!.access_token, body: { token } })
    }
    expect(await problemOf(await accept())).toMatchObject({ status: 403, code: 'invitation_not_yours' })
    // The mail goes to the new address, and not to the one that the person can read already.
    expect([(await mailTo(own)).length, (await mailTo(email)).length]).toEqual([before.length, 1])
    await follow(linkIn((await mailTo(email))[0]!.text))
    expect((await accept()).status).toBe(200)
  })
})

it('a hosted project asks for the same', async () => {
  const config = await readFile(new URL('../../supabase/config.toml', import.meta.url), 'utf8')
  const email = config.slice(config.indexOf('[auth.email]'))
  expect(email).toMatch(/^enable_confirmations = true$/m)
  expect(email).toMatch(/^double_confirm_changes = true$/m)
  const settings = await (
    await fetch(`${stack.api_url}/auth/v1/settings`, { headers: { apikey: stack.publishable_key } })
  ).json()
  expect(settings).toMatchObject({ mailer_autoconfirm: false })
})
