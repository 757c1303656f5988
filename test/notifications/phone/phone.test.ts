import { beforeEach, describe, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { freshNumber } from '../../kit/texts.ts'

// One of its own for each test, because codes to a number are counted for all.
let number: string
let owner: Person
let tenant: Tenant
beforeEach(async () => {
  number = freshNumber()
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  await superuser.query(
    `insert into public.notification_providers (tenant_id, channel, provider, verified_at) values ($1, 'sms', 'twilio', now())`,
    [tenant.id],
  )
})

const ask = (body: object = { phone: number }, who = owner, of = tenant) =>
  call('/notifications/phone', { token: who.token, tenant: of.slug, body })
const enter = (code: string, who = owner, of = tenant) =>
  call('/notifications/phone/confirmation', {
    ...{ method: 'PUT', token: who.token, tenant: of.slug, body: { code } },
  })
const read = async (who = owner, of = tenant) =>
  (await call('/notifications/phone', { token: who.token, tenant: of.slug })).json()

/** A code to try, written as if it had been sent: of the one that was sent only the hash is kept, and the message is gone. */
const knowCode = async (code = '123456', who = owner) => {
  await superuser.query(
    `update private.phone_confirmations set code_hash = private.phone_code_hash(user_id, phone, $2) where user_id = $1`,
    [who.id, code],
  )
  return code
}
const move = (by: string) =>
  superuser.query(
    `update private.phone_confirmations set expires_at = expires_at - $2::interval, counted_at = counted_at - $2::interval where user_id = $1`,
    [owner.id, by],
  )

describe('a number', () => {
  it('becomes one’s own by its code, and by nothing else', async () => {
    expect(await read()).toEqual({ phone: null, verified_at: null, asked: null })
    const asked = await ask()
    expect(asked.status, await asked.clone().text()).toBe(202)
    const pending = { phone: null, verified_at: null, asked: { phone: number, until: expect.any(String) } }
    expect(await asked.json()).toEqual(pending)
    const code = await knowCode()
    expect(await problemOf(await enter('654321'))).toMatchObject({ status: 422, code: 'phone_code_wrong' })
    expect(await read()).toEqual(pending)
    const confirmed = await enter(code)
    expect(confirmed.status).toBe(200)
    expect(await confirmed.json()).toEqual({ phone: number, verified_at: expect.any(String), asked: null })
    expect((await enter(code)).status).toBe(422)
  })

  it('is no longer confirmed once it is another, however it is changed', async () => {
    await ask()
    await enter(await knowCode())
    await admin.query('update public.user_profiles set phone = $2 where user_id = $1', [
      owner.id,
      freshNumber(),
    ])
    expect(await read()).toMatchObject({ verified_at: null })
    await admin.query('update public.user_profiles set phone = $2 where user_id = $1', [owner.id, number])
    expect(await read()).toMatchObject({ phone: number, verified_at: null })
  })

  it('is removed by whoever has it', async () => {
    await ask()
    await enter(await knowCode())
    const removed = await call('/notifications/phone', {
      ...{ method: 'DELETE', token: owner.token, tenant: tenant.slug },
    })
    expect(removed.status).toBe(204)
    expect(await read()).toEqual({ phone: null, verified_at: null, asked: null })
  })
})

describe('a code', () => {
  it('is in no table: only its hash is, and the message for as long as it waits', async () => {
    await ask()
    const { rows } = await superuser.query(
      `select c.code_hash = private.phone_code_hash(c.user_id, c.phone, j.data ->> 'code') as is_hash, j.data ->> 'code' as code,
         j.status, j.address, j.is_critical
       from private.phone_confirmations as c join private.notification_jobs as j on j.tenant_id = c.tenant_id and j.type = 'phone_code'
       where c.user_id = $1`,
      [owner.id],
    )
    expect(rows).toHaveLength(1)
    // The dispatcher may have been quicker than this.
    expect(rows[0]).toMatchObject({ address: number, is_critical: true })
    if (rows[0].status === 'pending')
      expect(rows[0]).toMatchObject({ is_hash: true, code: expect.stringMatching(/^[0-9]{6}$/) })
    else expect(rows[0].code).toBe(null)
  })

  it('counts for five tries, however many guess at once', async () => {
    await ask()
    const right = await knowCode()
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => enter(String(200_000 + n))))
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(422))
    const { rows } = await superuser.query(
      'select tries from private.phone_confirmations where user_id = $1',
      [owner.id],
    )
    expect(rows).toEqual([{ tries: 5 }])
    expect((await enter(right)).status).toBe(422)
    expect(await read()).toMatchObject({ phone: null, asked: null })
  })

  it('counts for ten minutes', async () => {
    await ask()
    const code = await knowCode()
    await move('10 minutes')
    expect((await enter(code)).status).toBe(422)
  })

  it('ends the one before it', async () => {
    await ask()
    const first = await knowCode('111111')
    await ask()
    await knowCode('222222')
    expect((await enter(first)).status).toBe(422)
    expect((await enter('222222')).status).toBe(200)
  })

  it('is good for one person, in one tenant', async () => {
    const other = await makePerson()
    const elsewhere = await makeTenant({ owner })
    await superuser.query(
      `insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'member')`,
      [tenant.id, other.id],
    )
    await ask()
    const code = await knowCode()
    await ask({ phone: number }, other)
    await superuser.query(
      `update private.phone_confirmations set code_hash = sha256('other') where user_id = $1`,
      [other.id],
    )
    expect((await enter(code, other)).status).toBe(422)
    expect((await enter(code, owner, elsewhere)).status).toBe(422)
    expect((await enter(code)).status).toBe(200)
  })

  it('that waited too long is not sent any more', async () => {
    await ask()
    const stopAfter = async (minutes: number) =>
      (
        await superuser.query(
          `with old as (
             insert into private.notification_jobs (tenant_id, channel, type, template, address, idempotency_key, queued_at, created_at)
             values ($1, 'sms', 'phone_code', 'phone_code', $2, $3, now(), now() - make_interval(mins => $4)) returning id)
           select id from old`,
          [tenant.id, number, `${minutes}`, minutes],
        )
      ).rows[0].id
    const stops: unknown[] = []
    for (const minutes of [9, 11]) {
      const { rows } = await superuser.query(
        'select stop from private.read_notification_jobs(array[$1::uuid], array[$2::uuid])',
        [tenant.id, await stopAfter(minutes)],
      )
      stops.push(rows[0].stop)
    }
    expect(stops).toEqual([null, 'skipped'])
  })
})

describe('no code is sent', () => {
  it.each<[string, object, string]>([
    ['to a word', { phone: 'ada' }, '/phone'],
    ['to a number without its country', { phone: '07700900123' }, '/phone'],
    ['to two numbers', { phone: '+447700900123,+447700900124' }, '/phone'],
    ['to a number with a line break', { phone: '+447700900123\n' }, '/phone'],
    ['by mail', { phone: '+447700900123', channel: 'email' }, '/channel'],
    ['to nobody', {}, '/phone'],
  ])('%s', async (_, body, pointer) => {
    expect(await problemOf(await ask(body))).toMatchObject({ status: 422, pointers: [pointer] })
  })

  it('where nobody sends: the answer says so, and nothing waits', async () => {
    expect(await problemOf(await ask({ phone: number, channel: 'whatsapp' }))).toMatchObject({
      ...{ status: 409, code: 'no_phone_provider' },
    })
    expect(await read()).toMatchObject({ asked: null })
  })

  it('to one person more than five times in an hour, and the answer says when again', async () => {
    for (let n = 0; n < 5; n++) expect((await ask({ phone: freshNumber() })).status).toBe(202)
    const refused = await ask({ phone: freshNumber() })
    expect(refused.headers.get('retry-after')).toBe('3600')
    expect(await problemOf(refused)).toMatchObject({ status: 429, code: 'too_many_phone_codes' })
    await move('61 minutes')
    expect((await ask()).status).toBe(202)
  })

  it('to one number more than twenty times on a day, whoever asks', async () => {
    for (let n = 0; n < 4; n++) {
      const person = await makePerson()
      await superuser.query(
        `insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'member')`,
        [tenant.id, person.id],
      )
      for (let m = 0; m < 5; m++) expect((await ask({ phone: number }, person)).status).toBe(202)
    }
    expect(await problemOf(await ask())).toMatchObject({ code: 'too_many_phone_codes' })
    expect((await ask({ phone: freshNumber() })).status).toBe(202)
  })

  it('differently to a number that somebody else has: it may be theirs together', async () => {
    const other = await makePerson()
    await superuser.query('update public.user_profiles set phone = $2 where user_id = $1', [other.id, number])
    const taken = await ask()
    expect(taken.status).toBe(202)
    expect(await taken.json()).toEqual({
      ...{ phone: null, verified_at: null, asked: { phone: number, until: expect.any(String) } },
    })
  })
})

it.each(['12345', '1234567', 'abcdef', '', '１２３４５６'])('%s is no code', async (code) => {
  expect(await problemOf(await enter(code))).toMatchObject({ status: 422, code: 'invalid_body' })
})

it('old codes are removed an hour after their end', async () => {
  await ask()
  await move('69 minutes')
  await admin.query('select private.sweep_phone_confirmations(100000)')
  const count = async () =>
    (await superuser.query('select from private.phone_confirmations where user_id = $1', [owner.id])).rowCount
  expect(await count()).toBe(1)
  await move('2 minutes')
  await admin.query('select private.sweep_phone_confirmations(100000)')
  expect(await count()).toBe(0)
})
