import { randomBytes } from 'node:crypto'
import { describe, expect, inject, it } from 'vitest'
import { CheckedNumbers } from '../../../lib/bots/index.ts'
import { call } from '../../kit/call.ts'
import { admin, rolledBack } from '../../kit/db.ts'
import { changeNumber, makeNumber, misbehave } from '../../kit/whatsapp.ts'
import { makeShop, okay, type Shop } from '../bots-scene.ts'
import { age, connect, makeVerified, read, told } from './number-scene.ts'

/** Cron in the background may be quicker: then the number has been asked about just now. */
async function checkNow(shop: Shop) {
  await age(shop, `last_checked_at = null`)
  const wake = () => call('/bots/numbers/check', { method: 'POST', apikey: inject('stack').secret_key })
  CheckedNumbers.parse(await okay(await wake()))
}

const newToken = () => `EAA${randomBytes(8).toString('hex')}`

describe('a verified number is asked about', () => {
  it('and a token that does not count any more pauses the bot, which is told once', async () => {
    const { shop, number } = await makeVerified()
    await checkNow(shop)
    expect(await read(shop)).toMatchObject({ last_problem: null, paused_at: null })
    const token = newToken()
    await changeNumber(number, { token })
    await checkNow(shop)
    await checkNow(shop)
    expect(await read(shop)).toMatchObject({
      is_verified: true,
      paused_reason: 'token_invalid',
      last_problem: { code: 'token_invalid' },
    })
    expect(await told(shop, 'bot.paused')).toBe(1)
    // With a token that counts it sends again, without anybody's verifying it.
    await connect(shop, number, { access_token: token })
    await checkNow(shop)
    expect(await read(shop)).toMatchObject({ paused_at: null, last_problem: null })
  })

  it('and an expired token is one that does not count', async () => {
    const { shop, number } = await makeVerified()
    await changeNumber(number, { token_expires_at: '2026-01-01T00:00:00Z' })
    await checkNow(shop)
    expect((await read(shop)).paused_reason).toBe('token_invalid')
  })

  it('and an outage of Meta is only noted', async () => {
    const { shop, number } = await makeVerified()
    await misbehave(number, { server_errors: 1 })
    await checkNow(shop)
    expect(await read(shop)).toMatchObject({
      paused_at: null,
      is_verified: true,
      last_problem: { code: 'unreachable' },
    })
  })

  it('and another reason for a pause stays', async () => {
    const { shop } = await makeVerified()
    await admin.query(`select private.pause_bot($1, private.ulid_to_uuid($2), 'account_locked')`, [
      shop.tenant.id,
      shop.bot.ref_id,
    ])
    await checkNow(shop)
    expect((await read(shop)).paused_reason).toBe('account_locked')
  })
})

describe('of the numbers that are due', () => {
  it('those that wait longest come first, and each one once', async () => {
    const shops = await Promise.all([1, 2, 3].map(() => makeVerified()))
    await rolledBack(admin, async (db) => {
      await db.query('update public.bot_numbers set last_checked_at = now() where is_verified')
      for (const [n, { shop }] of shops.entries())
        await db.query(
          `update public.bot_numbers set last_checked_at = now() - make_interval(mins => $2) where tenant_id = $1`,
          [shop.tenant.id, [20, 60, 10][n]],
        )
      const claim = async () =>
        (await db.query('select tenant_id from private.claim_due_numbers(1)')).rows.map(
          ({ tenant_id }) => tenant_id,
        )
      expect(await claim()).toEqual([shops[1]!.shop.tenant.id])
      expect(await claim()).toEqual([shops[0]!.shop.tenant.id])
      expect(await claim()).toEqual([])
      const { rows } = await db.query('select private.request_number_checks() as said')
      expect(rows[0].said).toBe('No number is due.')
    })
  })

  it('none is one that was never verified, or of a tenant that is archived', async () => {
    const unverified = await makeShop()
    await connect(unverified, await makeNumber())
    const { shop: archived } = await makeVerified()
    await rolledBack(admin, async (db) => {
      await db.query(`update public.tenants set status = 'archived' where id = $1`, [archived.tenant.id])
      await db.query('update public.bot_numbers set last_checked_at = null')
      const { rows } = await db.query('select tenant_id from private.claim_due_numbers(10000)')
      const claimed = rows.map(({ tenant_id }) => tenant_id)
      expect(claimed).not.toContain(unverified.tenant.id)
      expect(claimed).not.toContain(archived.tenant.id)
    })
  })

  it('one that was changed meanwhile is not judged by the old token', async () => {
    const { shop, number } = await makeVerified()
    const { rows } = await admin.query(
      'select revision, bot_id from public.bot_numbers where tenant_id = $1',
      [shop.tenant.id],
    )
    await connect(shop, number, { access_token: newToken() })
    await admin.query(`select private.record_number_health($1, $2, $3, 'token_invalid')`, [
      shop.tenant.id,
      rows[0].bot_id,
      rows[0].revision,
    ])
    expect((await read(shop)).paused_at).toBeNull()
  })
})
