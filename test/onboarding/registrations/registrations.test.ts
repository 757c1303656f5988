import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin, asService, asUser } from '../../kit/db.ts'
import { makePerson, signToken } from '../../kit/people.ts'
import { Browser } from './browser.ts'
import { billing, company, contact, location } from './filled-in.ts'

const hashOf = (cookie: string | undefined) => createHash('sha256').update(cookie!.split('=')[1]!).digest()
const rowOf = async (browser: Browser) =>
  (
    await admin.query('select * from private.registration_sessions where token_hash = $1', [
      hashOf(browser.cookie),
    ])
  ).rows[0]
const stepOf = async (browser: Browser) =>
  ((await (await browser.ask('GET', '/current')).json()) as { current_step: number }).current_step

describe('the cookie', () => {
  it('is for this host alone, no script reads it, and only its hash is stored', async () => {
    const browser = new Browser()
    const response = await browser.ask('POST', '', contact())
    const [value, ...attributes] = response.headers.get('set-cookie')!.split('; ')
    expect(value).toMatch(/^__Host-tenantry-registration=[\w-]{43}$/)
    expect(attributes.toSorted()).toEqual(['HttpOnly', 'Max-Age=432000', 'Path=/', 'SameSite=Lax', 'Secure'])
    const row = await rowOf(browser)
    expect(JSON.stringify(row)).not.toContain(value!.split('=')[1])
    expect(row.expires_at - row.created_at).toBe(86_400_000)
  })

  it('leads the same browser back to where it was, and nobody else', async () => {
    const [mine, theirs] = [await new Browser().fill(3), await new Browser().fill(1)]
    expect(await (await mine.ask('GET', '/current')).json()).toMatchObject({
      current_step: 3,
      contact: { phone: '+12025550123', first_name: 'Asha' },
      company: { pan_number: 'AAPFU0939F' },
      location: { gst_number: '27AAPFU0939F1ZV' },
      billing: null,
      plan: null,
      is_signed_in: false,
    })
    expect(await stepOf(theirs)).toBe(1)
    theirs.cookie = `__Host-tenantry-registration=${'A'.repeat(43)}`
    expect(await problemOf(await theirs.ask('GET', '/current'))).toMatchObject({ status: 410 })
    for (const cookie of [undefined, '__Host-tenantry-registration=short', 'tenantry-registration=x']) {
      theirs.cookie = cookie
      expect(await problemOf(await theirs.ask('GET', '/current'))).toMatchObject({
        status: 404,
        code: 'registration_not_found',
      })
    }
  })

  it('leads nowhere after a day, and the next first step begins anew', async () => {
    const browser = await new Browser().fill(2)
    const before = browser.cookie
    await admin.query(`update private.registration_sessions set expires_at = now() where token_hash = $1`, [
      hashOf(before),
    ])
    for (const [method, path, body] of [
      ['GET', '/current', undefined],
      ['PUT', '/current/company', company()],
    ] as const)
      expect(await problemOf(await browser.ask(method, path, body))).toMatchObject({
        status: 410,
        code: 'registration_ended',
      })
    expect((await browser.ask('POST', '', contact())).status).toBe(201)
    expect(browser.cookie).not.toBe(before)
    expect(await stepOf(browser)).toBe(1)
  })
})

describe('the steps', () => {
  it.each([
    ['location', 1, location],
    ['billing', 1, billing],
    ['billing', 2, billing],
  ])('%s is refused after step %i', async (step, reached, body) => {
    const browser = await new Browser().fill(reached)
    const response = await browser.ask('PUT', `/current/${step}`, body())
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({ code: 'step_not_reached', current_step: reached })
    expect(await stepOf(browser)).toBe(reached)
  })

  it('may be sent again, and those after one that changed are to be sent again', async () => {
    const same = { first: contact(), company: company() }
    const browser = await new Browser().fill(4, same)
    await browser.ask('PUT', '/current/company', same.company)
    await browser.ask('POST', '', same.first)
    expect(await stepOf(browser)).toBe(4)
    await browser.ask('PUT', '/current/billing', billing({ plan: 'starter' }))
    expect(await (await browser.ask('GET', '/current')).json()).toMatchObject({
      current_step: 4,
      plan: 'starter',
    })
    // The PAN may now be another than the one in the GSTIN.
    await browser.ask('PUT', '/current/company', company({ pan_number: null }))
    expect(await stepOf(browser)).toBe(2)
    expect((await browser.ask('PUT', '/current/billing', billing())).status).toBe(409)
  })

  it('of two tabs at once all count', async () => {
    const browser = await new Browser().fill(2)
    const answers = await Promise.all([
      browser.ask('PUT', '/current/location', location()),
      browser.ask('PUT', '/current/location', location()),
      browser.ask('PUT', '/current/company', company({ brand_name: 'Another name' })),
    ])
    expect(answers.map(({ status }) => status)).not.toContain(500)
    expect([2, 3]).toContain(await stepOf(browser))
  })
})

describe('an account', () => {
  it('counts by a token that is verified, and by nothing that is written', async () => {
    const person = await makePerson()
    const browser = await new Browser().fill(1)
    expect((await rowOf(browser)).user_id).toBeNull()
    const signedIn = new Browser(person.token)
    signedIn.cookie = browser.cookie
    expect(await (await signedIn.ask('PUT', '/current/company', company())).json()).toMatchObject({
      is_signed_in: true,
    })
    expect((await rowOf(browser)).user_id).toBe(person.id)
    const written = { ...contact(), user_id: person.id }
    expect(await problemOf(await new Browser().ask('POST', '', written))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers: ['/user_id'],
    })
  })

  it('with a token that is not ours is refused', async () => {
    const expired = await signToken({ sub: (await makePerson()).id, exp: 1 })
    for (const token of ['nonsense', expired])
      expect((await new Browser(token).ask('POST', '', contact())).status).toBe(401)
  })

  it('leaves no password behind', async () => {
    const answer = await new Browser().ask('POST', '', { ...contact(), password: 'correct horse battery' })
    expect(await problemOf(answer)).toMatchObject({ status: 422, pointers: ['/password'] })
  })
})

describe('what cannot be', () => {
  const pointersOf = async (reached: number, method: string, path: string, body: object, given = {}) => {
    const browser = reached > 0 ? await new Browser().fill(reached, given) : new Browser()
    const answer = await problemOf(await browser.ask(method, path, body))
    expect(answer).toMatchObject({ status: 422, code: 'invalid_body' })
    return answer.pointers
  }

  it.each([
    ['a country that is none', { country: 'XX' }, '/country'],
    ['another title', { title: 'King' }, '/title'],
    ['a name of 64 KiB', { first_name: 'x'.repeat(65_536) }, '/first_name'],
    ['a name that turns the text around', { last_name: 'a\u202eb' }, '/last_name'],
    ['an empty name', { last_name: '   ' }, '/last_name'],
    ['a number of another length', { phone: '+9198765' }, '/phone'],
    ['no number', { phone: 'call me' }, '/phone'],
    ['an address with letters of another alphabet', { email: 'аsha@example.com' }, '/email'],
    ['no address', { email: 'asha' }, '/email'],
  ])('in the first step: %s', async (_what, change, pointer) => {
    expect(await pointersOf(0, 'POST', '', { ...contact(), ...change })).toContain(pointer)
  })

  it.each([
    ['no PAN', company({ pan_number: 'AAPF0939FX' })],
    ['a PAN of a kind of holder there is not', company({ pan_number: 'AAPXU0939F' })],
  ])('in the second step: %s', async (_what, body) => {
    expect(await pointersOf(1, 'PUT', '/current/company', body)).toEqual(['/pan_number'])
  })

  it.each([
    ['a state of no country', location({ state: 'Atlantis' }), '/state'],
    ['a check digit that is off by one', location({ gst_number: '27AAPFU0939F1ZW' }), '/gst_number'],
    ['a GSTIN of another state', location({ state: 'Karnataka' }), '/gst_number'],
    ['a GSTIN of another PAN', location({ gst_number: '27AASCS2460H1Z0' }), '/gst_number'],
    ['GST without its number', location({ gst_number: null }), '/gst_number'],
    ['a number without GST', location({ has_gst: false }), '/gst_number'],
  ])('in the third step: %s', async (_what, body, pointer) => {
    expect(await pointersOf(2, 'PUT', '/current/location', body)).toEqual([pointer])
  })

  it('Indian numbers elsewhere', async () => {
    const first = { ...contact(), country: 'CH', phone: '044 668 18 00' }
    expect(await pointersOf(1, 'PUT', '/current/company', company(), { first })).toEqual(['/pan_number'])
    const given = { first, company: company({ pan_number: null }) }
    expect(await pointersOf(2, 'PUT', '/current/location', location({ state: 'Zürich' }), given)).toEqual([
      '/gst_number',
    ])
    const browser = await new Browser().fill(3, {
      ...given,
      location: { state: 'Zürich' },
    })
    expect(await stepOf(browser)).toBe(3)
  })

  it.each(['trial', 'business', 'enterprise', 'free'])('the plan %s', async (plan) => {
    expect(await pointersOf(3, 'PUT', '/current/billing', billing({ plan }))).toEqual(['/plan'])
  })
})

it('the plans that can be chosen have the prices of the price list', async () => {
  const { rows } = await admin.query(
    `select plan, name, price_minor, currency from public.plans where plan in ('starter', 'professional') order by price_minor`,
  )
  expect(await (await call('/onboarding/plans')).json()).toEqual({ plans: rows })
})

describe('the table', () => {
  it.each(['select * from private.registration_sessions', `select private.find_registration('\\x00')`])(
    'is nobody’s: %s',
    async (statement) => {
      const person = await makePerson()
      await expect(asUser(person.id, (db) => db.query(statement))).rejects.toThrow(/permission denied/)
    },
  )

  it('takes 120 registrations an hour from one address', async () => {
    const begin = `select private.begin_registration(sha256($1::text::bytea), sha256('x'), '{}')`
    await asService(async (db) => {
      await db.query(`select set_config('request.headers', '{"client-address": "192.0.2.77"}', true)`)
      for (let count = 0; count < 120; count++) await db.query(begin, [`limit ${count}`])
      await db.query(`savepoint before_the_limit`)
      await expect(db.query(begin, ['limit'])).rejects.toMatchObject({
        code: 'PT429',
        message: 'too_many_registrations',
      })
      await db.query(`rollback to before_the_limit`)
      await db.query(`select set_config('request.headers', '{"client-address": "192.0.2.78"}', true)`)
      await db.query(begin, ['another address'])
    })
  })

  it('is swept of what has ended', async () => {
    const [ended, live] = [await new Browser().fill(1), await new Browser().fill(1)]
    await admin.query(
      `update private.registration_sessions set expires_at = now() - interval '1 minute' where token_hash = $1`,
      [hashOf(ended.cookie)],
    )
    await admin.query('select private.sweep_expired_registrations()')
    expect([await rowOf(ended), (await rowOf(live)).current_step]).toEqual([undefined, 1])
  })
})
