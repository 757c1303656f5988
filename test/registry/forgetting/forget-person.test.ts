import { beforeAll, describe, expect, it } from 'vitest'
import { ForgottenPerson } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { fill, fills, keptFills, makeEndpoint, rowsOf, type Subject, serviceKey, withText } from './people.ts'

const forget = (tenant: Tenant, email: unknown, credential: { token?: string; apikey?: string }) =>
  call(`/registry/tenants/${tenant.ref_id}/forget-person`, { ...credential, body: { email } })

interface PersonalTable {
  name: string
  relation: string
  personal: string[]
  on_forget: string
}

describe('a person who is forgotten', () => {
  let owner: Person
  let ada: Subject
  let others: Subject[]
  let tenant: Tenant
  let neighbour: Tenant
  let tables: PersonalTable[]
  let before: Record<string, string[]>
  let after: Record<string, string[]>
  let neighbourBefore: Record<string, string[]>
  let answer: ForgottenPerson
  const money = async () =>
    (
      await admin.query(
        'select count(*), sum(cost_micros) as cost, sum(tokens_used) as tokens from public.usage_events where tenant_id = $1',
        [tenant.id],
      )
    ).rows

  beforeAll(async () => {
    owner = await makePerson()
    const account = await makePerson()
    ada = { address: account.email, mark: 'Marked-Ada' }
    others = [
      `bo.${ada.address}`,
      `bo+${ada.address}`,
      `o'${ada.address}`,
      `x=${ada.address}`,
      `${ada.address}.au`,
      `${ada.address}-shop.com`,
      ada.address.slice(1),
      ada.address.replace('.com', '.co'),
      ada.address.replace('.', 'x').replace('@examplexcom', '@example-com.com'),
      ada.address.replaceAll('-', '.'),
    ].map((address, n) => ({ address, mark: `Marked-Other-${n};` }))
    tenant = await makeTenant({ owner, member: account })
    neighbour = await makeTenant({ owner, member: account })
    await admin.query(`update public.tenant_members set status = 'deactivated' where user_id = $1`, [
      account.id,
    ])
    for (const one of [tenant, neighbour]) {
      await fill(one, [ada, ...others])
      for (const keep of Object.values(keptFills)) await keep(one, ada, '')
    }
    ;({ rows: tables } = await superuser.query<PersonalTable>(
      'select name, relation::text, personal, on_forget from private.personal_tables()',
    ))
    before = await rowsOf(tenant)
    neighbourBefore = await rowsOf(neighbour)
    const moneyBefore = await money()
    const response = await forget(tenant, ` ${ada.address.toUpperCase()} `, owner)
    expect(response.status).toBe(200)
    answer = ForgottenPerson.parse(await response.json())
    after = await rowsOf(tenant)
    expect(await money()).toEqual(moneyBefore)
  })

  it('was in every personal column of every table that is to be erased or deleted', () => {
    const changed = tables.filter(({ on_forget }) => on_forget !== 'keep')
    expect(Object.keys(fills).sort()).toEqual(changed.map(({ name }) => name).sort())
    for (const { name, personal } of changed) {
      const rows = before[name]!.map((row) => JSON.parse(row) as Record<string, unknown>)
      for (const column of personal) {
        const held = rows.filter((row) =>
          new RegExp(`${ada.address}|${ada.mark}`, 'i').test(JSON.stringify(row[column])),
        )
        expect(held, `${name}.${column}`).not.toEqual([])
      }
    }
  })

  it('is found in no column of any table, except where the answer says so', () => {
    const kept = answer.kept.filter(({ rows }) => rows > 0).map(({ table }) => table)
    // Another's address that holds theirs is not theirs.
    const own = (rows: string[]) =>
      rows.filter(
        (row) =>
          !others.some(({ mark, address }) => row.includes(mark) || row.toLowerCase().includes(address)),
      )
    const left = Object.entries(withText(after, ada.address)).filter(
      ([name, rows]) => !kept.includes(name) && own(rows).length > 0,
    )
    expect(left).toEqual([])
    expect(Object.keys(withText(after, ada.mark))).toEqual([])
  })

  it('is told of with a count for each table', () => {
    const had = withText(before, ada.mark)
    expect(answer.erased).toEqual({
      participant_sessions: had.participant_sessions!.length,
      usage_events: had.usage_events!.length,
      // It holds an address, and no mark.
      'private.notification_callbacks': 1,
    })
    expect(answer.deleted).toEqual({
      client_bios: 1,
      client_documents: 1,
      participant_insights: 1,
      participant_reflections: 1,
      'private.participant_names': had.participant_sessions!.length,
      // Its mark is hashed in the token alone.
      tenant_invitations: 1,
      notifications: had.notifications!.length,
      'private.notification_jobs': had['private.notification_jobs']!.length,
      webhook_attempts: had.webhook_attempts!.length,
      // And the two that told of the membership, which do not have the mark.
      webhook_events: had.webhook_events!.length + 2,
    })
    expect(had).toMatchObject({ participant_sessions: { length: 6 }, usage_events: { length: 2 } })
  })

  it('stays where a reason is given, and the answer counts it', () => {
    const keeping = tables.filter(({ on_forget }) => on_forget === 'keep').map(({ name }) => name)
    expect(answer.kept.map(({ table }) => table).sort()).toEqual(keeping.sort())
    expect(keeping).toEqual([...Object.keys(keptFills), 'user_profiles'].sort())
    for (const { table, rows, reason } of answer.kept) {
      // A telephone number is no address, so nothing is found by one.
      const isOfNumbers = ['contact_subscriptions', 'private.phone_confirmations'].includes(table)
      expect(rows, table).toBe(isOfNumbers ? 0 : 1)
      expect(reason.length, table).toBeGreaterThan(20)
      if (!['audit_log', 'user_profiles'].includes(table)) expect(after[table], table).toEqual(before[table])
    }
  })

  it('takes nobody with them whose address is like theirs', () => {
    for (const { mark } of others) expect(withText(after, mark)).toEqual(withText(before, mark))
    expect(after.tenant_invitations).toHaveLength(before.tenant_invitations!.length - 1)
  })

  it('leaves the tables alone that hold nothing of people, and rows that only count', () => {
    const personal = new Set(tables.map(({ name }) => name))
    const untouched = (rows: Record<string, string[]>) =>
      Object.fromEntries(
        Object.entries(rows).filter(
          ([name]) => !personal.has(name) && !/audit|webhook_(outbox|deliver)|queue_|tenant_count/.test(name),
        ),
      )
    expect(untouched(after)).toEqual(untouched(before))
    for (const name of ['participant_sessions', 'usage_events'])
      expect(after[name]).toHaveLength(before[name]!.length)
  })

  it('stays in another tenant', async () => {
    expect(await rowsOf(neighbour)).toEqual(neighbourBefore)
  })

  it('leaves no address and no name in what the log gained', () => {
    const gained = after.audit_log!.filter((row) => !before.audit_log!.includes(row))
    expect(gained.some((row) => row.includes('"person.forgotten"'))).toBe(true)
    expect(gained.some((row) => row.includes('participant_sessions.updated'))).toBe(true)
    for (const row of gained) {
      expect(row.toLowerCase()).not.toContain(ada.address)
      expect(row).not.toContain(ada.mark)
    }
    const entry = JSON.parse(gained.find((row) => row.includes('"person.forgotten"'))!)
    expect(entry).toMatchObject({
      metadata: { erased: answer.erased, deleted: answer.deleted },
      target_name: null,
    })
  })

  it('can be forgotten again, which finds nothing', async () => {
    const response = await forget(tenant, ada.address, serviceKey)
    expect(response.status).toBe(200)
    const again = ForgottenPerson.parse(await response.json())
    const counts = Object.values({ ...again.erased, ...again.deleted })
    expect(counts.length).toBeGreaterThan(6)
    expect(counts.every((count) => count === 0)).toBe(true)
  })
})

describe('forgetting', () => {
  it('is refused for an active member, until the membership ends', async () => {
    const owner = await makePerson()
    const member = await makePerson()
    const tenant = await makeTenant({ owner, member })
    const refused = await forget(tenant, member.email.toUpperCase(), owner)
    expect(await problemOf(refused)).toMatchObject({ status: 409, code: 'is_member' })
    await admin.query('delete from public.tenant_members where user_id = $1', [member.id])
    expect((await forget(tenant, member.email, owner)).status).toBe(200)
  })

  it.each([
    '',
    'ada',
    'ada@',
    '@example.com',
    'a b@example.com',
    '%@example.com@',
    `${'a'.repeat(250)}@b.example`,
    null,
    7,
  ])('is refused for what is no address: %j', async (email) => {
    const owner = await makePerson()
    const tenant = await makeTenant({ owner })
    const refused = await problemOf(await forget(tenant, email, owner))
    expect(refused).toMatchObject({ status: 422, pointers: ['/email'] })
  })

  it('is refused to members without "manage", to strangers, and in a tenant that can only be read', async () => {
    const [owner, admin, member, stranger] = [
      await makePerson(),
      await makePerson(),
      await makePerson(),
      await makePerson(),
    ]
    const tenant = await makeTenant({ owner, admin, member })
    const frozen = await makeTenant({ owner, status: 'frozen' })
    const trial = await makeTenant({ owner, status: 'trial' })
    const ask = async (one: Tenant, credential: { token?: string; apikey?: string }) =>
      problemOf(await forget(one, 'ada@example.com', credential))
    expect((await forget(tenant, 'ada@example.com', admin)).status).toBe(200)
    expect(await ask(tenant, member)).toMatchObject({ status: 403, code: 'forbidden' })
    expect(await ask(tenant, stranger)).toMatchObject({ status: 404, code: 'tenant_not_found' })
    expect(await ask(frozen, owner)).toMatchObject({ status: 403, code: 'tenant_frozen' })
    expect(await ask(frozen, serviceKey)).toMatchObject({ status: 403, code: 'tenant_frozen' })
    expect(await ask(trial, owner)).toMatchObject({ status: 403, code: 'trial_ended' })
  })

  it('finds an address that is not ASCII, and an address of special characters', async () => {
    const owner = await makePerson()
    const tenant = await makeTenant({ owner })
    for (const email of ['jörg@example.com', "o'br.ien+{2}|*^$?@example.com", 'a_%b@example.com']) {
      await admin.query('insert into public.participant_sessions (tenant_id, email) values ($1, $2)', [
        tenant.id,
        email,
      ])
      const response = await forget(tenant, email, owner)
      expect(await response.json(), email).toMatchObject({ erased: { participant_sessions: 1 } })
    }
  })

  it('lets the next delivery of a key go when the one it waited for is deleted', async () => {
    const owner = await makePerson()
    const tenant = await makeTenant({ owner })
    const endpoint = await makeEndpoint(tenant)
    const deliver = async (payload: object, due: string) => {
      const { rows } = await admin.query<{ event_id: string }>(
        `with event as (
           insert into public.webhook_events (tenant_id, type, version, payload, ordering_key)
           values ($1, 'webhook.test', 1, $3, 'lead 1') returning tenant_id, id, ordering_key
         ), delivery as (
           insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id, ordering_key)
           select tenant_id, id, $2, ordering_key from event
         )
         insert into private.queue_items (tenant_id, queue, lane_id, item_id, ordering_key, next_at)
         select tenant_id, 'webhooks', $2, id, ordering_key, $4::timestamptz from event returning item_id as event_id`,
        [tenant.id, endpoint, JSON.stringify(payload), due],
      )
      return rows[0]!.event_id
    }
    await deliver({ email: 'ada@example.com' }, '2000-01-01')
    const next = await deliver({ email: 'bo@example.com' }, 'infinity')
    expect((await forget(tenant, 'ada@example.com', owner)).status).toBe(200)
    const { rows } = await admin.query(
      `select item_id as event_id, next_at <= now() as is_due from private.queue_items
       where tenant_id = $1 and ordering_key = 'lead 1'`,
      [tenant.id],
    )
    expect(rows).toEqual([{ event_id: next, is_due: true }])
  })
})
