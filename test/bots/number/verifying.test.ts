import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { changeNumber, deliveriesOf, makeNumber, misbehave, phoneOf } from '../../kit/whatsapp.ts'
import { makeShop, type Shop } from '../bots-scene.ts'
import { age, connect, makeVerified, put, read, settingsOf, shake, verify } from './number-scene.ts'

const problemIn = async (shop: Shop) => {
  const { is_verified, last_problem } = await verify(shop)
  return { is_verified, code: last_problem?.code }
}
const bad = (code: string) => ({ is_verified: false, code })

describe('a number is verified', () => {
  it('by asking Meta, which sends its webhooks to the bot from then on', async () => {
    const shop = await makeShop()
    const expires = new Date(Date.now() + 50 * 86_400_000)
    const number = await makeNumber({ token_expires_at: expires.toISOString(), is_subscribed: false })
    const { webhook_url } = await connect(shop, number)
    const verified = await verify(shop)
    expect(verified).toMatchObject({
      is_verified: true,
      last_problem: null,
      display_phone_number: number.display_phone_number,
      verified_name: number.verified_name,
    })
    expect(new Date(verified.whatsapp_token_expires_at!).getTime()).toBe(
      Math.floor(expires.getTime() / 1_000) * 1_000,
    )
    const now = await changeNumber(number, {})
    expect(now).toMatchObject({ is_subscribed: true, callback_url: webhook_url })
    expect((await shake(shop.bot.ref_id, now.verify_token!)).status).toBe(200)
    await (await phoneOf(number, { phone: '254700000001', name: 'Ada' })).text('Hello')
    expect((await deliveriesOf(number)).length).toBeGreaterThan(0)
  })

  it('with a token that never expires', async () => {
    const { shop } = await makeVerified()
    expect((await read(shop)).whatsapp_token_expires_at).toBeNull()
  })
})

describe('a number is not verified', () => {
  it.each([
    ['a token that Meta does not know', () => ({ access_token: 'EAAnone' }), 'token_invalid'],
    ['the secret of another app', () => ({ app_secret: '0'.repeat(32) }), 'app_secret_wrong'],
    ['the id of no number', () => ({ whatsapp_phone_number_id: '10000' }), 'number_not_found'],
    ['the id of no account', () => ({ whatsapp_business_account_id: '20000' }), 'account_not_found'],
  ])('with %s', async (_what, change, code) => {
    const shop = await makeShop()
    await connect(shop, await makeNumber(), change())
    const { is_verified, last_problem } = await verify(shop)
    expect({ is_verified, code: last_problem?.code }).toEqual(bad(code))
    // In plain words, with what to do.
    expect(last_problem!.detail).toMatch(/\. .*(Make|Copy)/)
  })

  it('with a token that has expired, or lacks a permission', async () => {
    const shop = await makeShop()
    const number = await makeNumber({ token_expires_at: '2026-01-01T00:00:00Z' })
    await connect(shop, number)
    expect(await problemIn(shop)).toEqual(bad('token_expired'))
    await changeNumber(number, { token_expires_at: null, scopes: ['whatsapp_business_management'] })
    expect(await problemIn(shop)).toEqual(bad('scope_missing'))
    await changeNumber(number, { scopes: ['whatsapp_business_messaging', 'whatsapp_business_management'] })
    expect(await problemIn(shop)).toEqual({ is_verified: true, code: undefined })
  })

  it('with the account of another number, whose token is the same', async () => {
    const number = await makeNumber()
    const second = await makeNumber({
      token: number.token,
      app_id: number.app_id,
      app_secret: number.app_secret,
    })
    const shop = await makeShop()
    await connect(shop, number, { whatsapp_business_account_id: second.waba_id })
    expect(await problemIn(shop)).toEqual(bad('wrong_account'))
  })

  it('while Meta fails, which takes back nothing that was verified', async () => {
    const { shop, number } = await makeVerified()
    await misbehave(number, { server_errors: 1 })
    expect(await problemIn(shop)).toEqual({ is_verified: true, code: 'unreachable' })
    const other = await makeShop()
    const unproven = await makeNumber({ misbehaviour: { server_errors: 1 } })
    await connect(other, unproven)
    expect(await problemIn(other)).toEqual(bad('unreachable'))
  })

  it('any more, once the token does not count', async () => {
    const { shop, number } = await makeVerified()
    await changeNumber(number, { token: `EAA${randomBytes(8).toString('hex')}` })
    expect(await problemIn(shop)).toEqual(bad('token_invalid'))
  })

  it('by a check of settings that were changed meanwhile', async () => {
    const { shop } = await makeVerified()
    const record = admin.query(
      `select private.record_number_check($1, private.ulid_to_uuid($2), private.uuid_v7(), 'good')`,
      [shop.tenant.id, shop.bot.ref_id],
    )
    await expect(record).rejects.toMatchObject({ message: 'conflict' })
  })
})

describe('a number that two claim', () => {
  it('stays with the bot that proved it first, and nobody learns whose that is', async () => {
    const { shop, number } = await makeVerified()
    const other = await makeShop()
    await connect(other, number)
    const refused = await verify(other)
    expect(refused.last_problem?.code).toBe('number_taken')
    expect(refused.is_verified).toBe(false)
    expect(JSON.stringify(refused)).not.toContain(shop.tenant.slug)
    // Its webhooks go where they went.
    expect((await changeNumber(number, {})).callback_url).toContain(shop.bot.ref_id)
    expect((await read(shop)).is_verified).toBe(true)
  })

  it('is not told of to who cannot prove it', async () => {
    const { number } = await makeVerified()
    const squatter = await makeShop()
    await connect(squatter, number, { access_token: 'EAAguess' })
    expect(await problemIn(squatter)).toEqual(bad('token_invalid'))
  })

  it('is blocked by nobody who has only typed it in', async () => {
    const number = await makeNumber()
    const squatter = await makeShop()
    await connect(squatter, number, { access_token: 'EAAguess' })
    const owner = await makeShop()
    await connect(owner, number)
    expect(await problemIn(owner)).toEqual({ is_verified: true, code: undefined })
  })

  it('goes to one of two that prove it at once', async () => {
    const number = await makeNumber()
    const shops = await Promise.all([makeShop(), makeShop()])
    for (const shop of shops) await connect(shop, number)
    const found = await Promise.all(shops.map(problemIn))
    expect(found.map(({ is_verified }) => is_verified).sort()).toEqual([false, true])
    expect(found.map(({ code }) => code).sort()).toEqual(['number_taken', undefined])
  })

  it.each([
    [
      'whose token does not count any more',
      `update public.bot_numbers set paused_at = now(), paused_reason = 'token_invalid' where tenant_id = $1`,
    ],
    ['of a tenant that is archived', `update public.tenants set status = 'archived' where id = $1`],
  ])('goes over from a bot %s', async (_what, lapse) => {
    const { shop, number } = await makeVerified()
    await admin.query(lapse, [shop.tenant.id])
    const other = await makeShop()
    await connect(other, number)
    expect(await problemIn(other)).toEqual({ is_verified: true, code: undefined })
    const { rows } = await admin.query(
      'select is_verified, last_problem from public.bot_numbers where tenant_id = $1',
      [shop.tenant.id],
    )
    expect(rows).toEqual([{ is_verified: false, last_problem: 'number_taken' }])
  })
})

it('a bot that is paused sends again once its number is verified', async () => {
  const { shop, number } = await makeVerified()
  await admin.query(`select private.pause_bot($1, private.ulid_to_uuid($2), 'token_invalid')`, [
    shop.tenant.id,
    shop.bot.ref_id,
  ])
  expect((await read(shop)).paused_reason).toBe('token_invalid')
  await put(shop, { ...settingsOf(number) })
  expect((await read(shop)).paused_reason).toBe('token_invalid')
  expect(await verify(shop)).toMatchObject({ paused_at: null, paused_reason: null, is_verified: true })
})

it('numbers are verified 60 times an hour at most', async () => {
  const { shop } = await makeVerified()
  await age(shop, 'verify_token_told_at = null')
  await admin.query(
    `update private.tenant_turns set turn_count = 60 where tenant_id = $1 and what = 'bot_number_check'`,
    [shop.tenant.id],
  )
  const refused = await shop.ask(shop.owner, 'POST', `/${shop.bot.ref_id}/number/verify`)
  expect(refused.headers.get('retry-after')).toBeTruthy()
  expect(await problemOf(refused)).toMatchObject({ status: 429, code: 'too_many_number_checks' })
})
