import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { call } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  await superuser.query('update auth.users set email_confirmed_at = now() where id = $1', [owner.id])
  tenant = await makeTenant({ owner })
})

/** The link of a mail to the owner. */
const linkOf = async (type: string) => {
  await admin.query(
    `select private.notify($1, $2, '{owners}', '{"limit": "members", "percent": 80, "most": 10}')`,
    [tenant.id, type],
  )
  const { rows } = await superuser.query<{ token: string }>(
    'select unsubscribe_token as token from private.notification_jobs where tenant_id = $1 and type = $2',
    [tenant.id, type],
  )
  return `/notifications/unsubscribe/${rows[0]!.token}`
}
const isSuppressed = async (is_critical = false, address = owner.email) =>
  (
    await admin.query(`select private.is_suppressed($1, 'email', $2, $3) as found`, [
      tenant.id,
      address,
      is_critical,
    ])
  ).rows[0].found

describe('the link of a mail', () => {
  it('asks when it is opened, and changes nothing', async () => {
    const link = await linkOf('limit.near')
    for (let n = 0; n < 3; n++) {
      const asked = await call(link)
      expect(await asked.json()).toEqual({
        tenant_name: tenant.slug,
        address_hint: `${owner.email[0]}***@example.com`,
        color: null,
      })
    }
    expect(await isSuppressed()).toBe(false)
  })

  it('ends such mails with one click, as mail programs do it (RFC 8058), but not the critical ones', async () => {
    const link = await linkOf('limit.near')
    for (let n = 0; n < 2; n++) {
      const clicked = await call(link, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      })
      expect(clicked.status).toBe(204)
    }
    expect(await isSuppressed()).toBe(true)
    expect(await isSuppressed(true)).toBe(false)
    expect(await isSuppressed(false, owner.email.toUpperCase())).toBe(true)
  })

  it('ends those of its tenant alone', async () => {
    const link = await linkOf('limit.near')
    const other = await makeTenant({ owner })
    await call(link, { method: 'POST' })
    const { rows } = await admin.query(`select private.is_suppressed($1, 'email', $2, false) as found`, [
      other.id,
      owner.email,
    ])
    expect(rows).toEqual([{ found: false }])
  })

  it('is none in a critical mail, nor one that somebody made up', async () => {
    for (const link of [await linkOf('limit.reached'), `/notifications/unsubscribe/${randomUUID()}`]) {
      expect((await call(link)).status).toBe(404)
      expect((await call(link, { method: 'POST' })).status).toBe(404)
    }
    expect((await call('/notifications/unsubscribe/x')).status).toBe(404)
  })
})

it('a mailbox that is not there gets nothing at all, and who unsubscribed afterwards is not written to either', async () => {
  await admin.query(`select private.suppress($1, 'email', $2, 'bounced')`, [tenant.id, owner.email])
  await admin.query(`select private.suppress($1, 'email', $2, 'unsubscribed')`, [tenant.id, owner.email])
  expect(await isSuppressed(true)).toBe(true)
})

it('a suppression ends at its end, and is swept', async () => {
  await admin.query(`select private.suppress($1, 'email', $2, 'bounced', now() - interval '1 second')`, [
    tenant.id,
    owner.email,
  ])
  expect(await isSuppressed()).toBe(false)
  await admin.query('select private.sweep_suppressions(100000)')
  const { rows } = await admin.query('select 1 from public.notification_suppressions where tenant_id = $1', [
    tenant.id,
  ])
  expect(rows).toEqual([])
})

it('a manager lifts one', async () => {
  await admin.query(`select private.suppress($1, 'email', $2, 'bounced')`, [tenant.id, owner.email])
  const ask = (path: string, method = 'GET') =>
    call(`/notifications/suppressions${path}`, { method, token: owner.token, tenant: tenant.slug })
  const { suppressions } = (await (await ask('')).json()) as { suppressions: { ref_id: string }[] }
  expect(suppressions).toMatchObject([{ address: owner.email, reason: 'bounced' }])
  expect((await ask(`/${suppressions[0]!.ref_id}`, 'DELETE')).status).toBe(204)
  expect(await isSuppressed()).toBe(false)
})
