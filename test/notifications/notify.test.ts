import { readFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { admin, asService, asUser, rolledBack, superuser } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'

let owner: Person
let manager: Person
let member: Person
let reviewer: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  manager = await makePerson()
  member = await makePerson()
  reviewer = await makePerson()
  tenant = await makeTenant({ owner, admin: manager, member, reviewer })
})

const data = { limit: 'members', percent: 80, most: 10 }
const notify = async (recipients: string[], given: object = data, key: string | null = null, db = admin) => {
  const { rows } = await db.query<{ told: number }>(
    `select private.notify($1, 'limit.near', $2, $3, idempotency_key => $4) as told`,
    [tenant.id, recipients, given, key],
  )
  return rows[0]!.told
}
const told = async () => {
  const { rows } = await admin.query<{ user_id: string; message: string }>(
    'select user_id, message from public.notifications where tenant_id = $1 order by id',
    [tenant.id],
  )
  return rows
}
const ids = (...people: Person[]) => people.map(({ id }) => id).sort()

describe('who is told', () => {
  it.each<[string, () => string[], () => string[]]>([
    ['the owners', () => ['owners'], () => ids(owner)],
    ['the admins, owners among them', () => ['admins'], () => ids(owner, manager)],
    ['everybody', () => ['everybody'], () => ids(owner, manager, member, reviewer)],
    ['one person', () => [reviewer.id], () => ids(reviewer)],
    [
      'each once, in how many ways ever they are named',
      () => ['admins', owner.id, owner.id],
      () => ids(owner, manager),
    ],
    ['nobody', () => [], () => []],
  ])('%s', async (_, recipients, expected) => {
    expect(await notify(recipients())).toBe(expected().length)
    expect((await told()).map(({ user_id }) => user_id).sort()).toEqual(expected())
  })

  it('nobody of another tenant, whoever names them', async () => {
    const stranger = await makePerson()
    await makeTenant({ owner: stranger })
    expect(await notify([stranger.id, 'nobody', '*', tenant.id])).toBe(0)
  })

  it('nobody who was deactivated, and nobody any more who is removed', async () => {
    await notify([member.id])
    await admin.query(
      `update public.tenant_members set status = 'deactivated' where tenant_id = $1 and user_id = $2`,
      [tenant.id, member.id],
    )
    expect(await notify([member.id])).toBe(0)
    await admin.query('delete from public.tenant_members where tenant_id = $1 and user_id = $2', [
      tenant.id,
      member.id,
    ])
    expect(await told()).toEqual([])
  })

  it('nobody of a tenant that is archived, and nobody while a demo is restored', async () => {
    await rolledBack(admin, async (db) => {
      await db.query(`select set_config('tenantry.is_restoring', 'on', true)`)
      const { rows } = await db.query(`select private.notify($1, 'limit.near', '{everybody}', $2) as told`, [
        tenant.id,
        data,
      ])
      expect(rows).toEqual([{ told: 0 }])
    })
    await admin.query(`update public.tenants set status = 'archived' where id = $1`, [tenant.id])
    expect(await notify(['everybody'])).toBe(0)
  })
})

describe('a notification', () => {
  it('is there if what it tells of is committed, and only then', async () => {
    await rolledBack(admin, async (db) => {
      await db.query(`select private.notify($1, 'limit.near', '{owners}', $2)`, [tenant.id, data])
    })
    expect(await told()).toEqual([])
  })

  it('of one key is there once for each person, from fifty callers at once', async () => {
    const counts = await Promise.all(Array.from({ length: 50 }, () => notify(['admins'], data, 'one key')))
    expect(counts.filter((count) => count > 0)).toEqual([2])
    expect(await told()).toHaveLength(2)
    // Somebody who is named later is told as well.
    expect(await notify(['admins', member.id], data, 'one key')).toBe(1)
  })

  it('speaks the language of the person, then of the tenant, then English', async () => {
    await admin.query(`update public.tenants set locale = 'de-CH' where id = $1`, [tenant.id])
    await admin.query(`update public.user_profiles set locale = 'fr' where user_id = $1`, [manager.id])
    await admin.query(`update public.user_profiles set locale = 'tlh' where user_id = $1`, [member.id])
    await notify(['admins', member.id])
    const words = Object.fromEntries((await told()).map(({ user_id, message }) => [user_id, message]))
    expect(words[owner.id]).toMatch(/verbraucht/)
    expect(words[manager.id]).toMatch(/utilisés/)
    expect(words[member.id]).toMatch(/verbraucht/)
    await admin.query(`update public.tenants set locale = 'ja' where id = $1`, [tenant.id])
    await notify([owner.id])
    expect((await told()).at(-1)!.message).toMatch(/are used/)
  })

  it('shows a value as it is, and looks for no fields in it', async () => {
    await notify(['owners'], { ...data, limit: '{{percent}} <b>bold</b> \\1 %s' })
    expect((await told())[0]!.message).toBe(
      '80 % of "{{percent}} <b>bold</b> \\1 %s" are used. Your plan allows 10.',
    )
  })

  it.each([
    ['a line break', 'a\r\nb', 'a  b'],
    ['what turns the direction of text', 'a\u202eb\u2066c', 'a b c'],
    ['more than 200 characters', 'é'.repeat(3_000), 'é'.repeat(200)],
    ['letters of other scripts', 'औषधि 語 🙂', 'औषधि 語 🙂'],
  ])('takes %s in a name, and is sent all the same', async (_, name, shown) => {
    await notify(['owners'], { ...data, limit: name })
    expect((await told())[0]!.message).toBe(`80 % of "${shown}" are used. Your plan allows 10.`)
  })

  it('goes after 180 days', async () => {
    await notify(['admins'])
    await admin.query(
      `update public.notifications set created_at = now() - interval '181 days' where tenant_id = $1 and user_id = $2`,
      [tenant.id, owner.id],
    )
    await admin.query('select private.sweep_notifications(100000)')
    expect((await told()).map(({ user_id }) => user_id)).toEqual([manager.id])
  })
})

describe('a mistake of whoever notifies', () => {
  it.each<[string, string, unknown[]]>([
    ['a type that is not in the catalogue', `'no.such_type', '{owners}', '{}'`, []],
    ['data without a field of the message', `'limit.near', '{owners}', '{"limit": "x", "percent": 1}'`, []],
    ['a field that is null', `'limit.near', '{owners}', '{"limit": null, "percent": 1, "most": 2}'`, []],
    ['data that is a list', `'limit.near', '{owners}', '[]'`, []],
    [
      'more than 8 KiB of data',
      `'limit.near', '{owners}', jsonb_build_object('limit', repeat('x', 9000), 'percent', 1, 'most', 2)`,
      [],
    ],
    [
      '10,001 recipients',
      `'limit.near', array_fill('x'::text, array[10001]), '{"limit": "x", "percent": 1, "most": 2}'`,
      [],
    ],
  ])('%s fails its transaction, so that it is found', async (_, text) => {
    await expect(admin.query(`select private.notify($1, ${text})`, [tenant.id])).rejects.toThrow()
    expect(await told()).toEqual([])
  })

  it('in a message is found when its type is registered', async () => {
    await expect(
      admin.query(
        `select private.register_notification_type('a.b', 'plan', 'Wrong.', '{"en": "{{missing}}"}', '{"given": 1}')`,
      ),
    ).rejects.toThrow(/needs the field "missing"/)
    await expect(
      admin.query(`select private.register_notification_type('a.b', 'plan', 'Wrong.', '{"de": "Ja"}', '{}')`),
    ).rejects.toThrow(/message_in_english/)
  })
})

it('nobody writes a notification, neither people nor the service', async () => {
  await notify(['owners'])
  for (const statement of [
    `update public.notifications set message = 'Pay here.'`,
    'delete from public.notifications',
    `insert into public.notifications (tenant_id, user_id, type, message) values ('${tenant.id}', '${member.id}', 'limit.near', 'x')`,
    `select private.notify('${tenant.id}', 'limit.near', '{everybody}', '{}')`,
  ]) {
    await expect(
      asUser(owner.id, (db) => db.query(statement)),
      statement,
    ).rejects.toThrow(/permission denied/)
    await expect(
      asService((db) => db.query(statement)),
      statement,
    ).rejects.toThrow(/permission denied/)
  }
})

it('every type has a message in English, German and French, and each says all of its fields', async () => {
  const { rows } = await admin.query<{ type: string; messages: Record<string, string> }>(
    'select type, messages from public.notification_types order by 1',
  )
  expect(rows.length).toBeGreaterThan(10)
  const fields = (message: string) =>
    [...message.matchAll(/\{\{([a-z_.]+)\}\}/g)].map(([, name]) => name).sort()
  for (const { type, messages } of rows) {
    expect(Object.keys(messages).sort(), type).toEqual(['de', 'en', 'fr'])
    for (const message of Object.values(messages)) expect(fields(message), type).toEqual(fields(messages.en!))
  }
})

it('the catalogue is what SQL notifies of, and what docs/notifications.md lists', async () => {
  const { rows } = await admin.query<{
    type: string
    category: string
    is_critical: boolean
    description: string
  }>('select type, category, is_critical, description from public.notification_types order by 1')
  const { rows: used } = await superuser.query<{ type: string }>(
    `select distinct m[1] as type from pg_proc as p,
       regexp_matches(p.prosrc, 'private\\.notify\\([^;]*', 'g') as call, regexp_matches(call[1], '''([a-z_]+\\.[a-z_]+)''', 'g') as m
     where p.pronamespace = 'private'::regnamespace`,
  )
  const types = rows.map(({ type }) => type)
  // Those of billing events are told under the name of the event.
  const known = [
    ...used.map(({ type }) => type),
    'payment.failed',
    'subscription.failed',
    'subscription.cancelled',
  ]
  expect([...new Set(known)].sort()).toEqual(types)
  const page = readFileSync('docs/notifications.md', 'utf8')
  const shown = [...page.matchAll(/^\| `([a-z_.]+)` \| ([a-z_]+) \| (yes )?\| (.+) \|$/gm)].map(
    ([, type, category, critical, description]) => ({
      type,
      category,
      is_critical: critical !== undefined,
      description,
    }),
  )
  expect(shown.sort((one, other) => (one.type! < other.type! ? -1 : 1))).toEqual(rows)
})
