import { beforeAll, describe, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makeNumber } from '../../kit/whatsapp.ts'
import { makeShop, type Shop } from '../bots-scene.ts'
import { age, connect, rotate, shake } from './number-scene.ts'

let shop: Shop
let ref: string
let token: string
beforeAll(async () => {
  shop = await makeShop()
  ref = shop.bot.ref_id
  token = (await connect(shop, await makeNumber())).verify_token!
})

const refused = { status: 403, code: 'handshake_refused' }

describe('Meta’s handshake', () => {
  it('is answered with the bare challenge, as plain text', async () => {
    const answer = await shake(ref, token)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('1158201444')
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('is refused with any other token', async () => {
    for (const other of ['', 'x', `${token}0`, token.slice(1), token.toUpperCase(), 'x'.repeat(5_000), 'ü'])
      expect(await problemOf(await shake(ref, other)), other.slice(0, 50)).toMatchObject(refused)
  })

  it('is refused with the token of another bot, and of a bot that there is not', async () => {
    const other = await makeShop()
    expect(await problemOf(await shake(other.bot.ref_id, token))).toMatchObject(refused)
    await connect(other, await makeNumber())
    expect(await problemOf(await shake(other.bot.ref_id, token))).toMatchObject(refused)
    expect(await problemOf(await shake('01JD3N8Q4ZB6T2V9XK5M7R0C1E', token))).toMatchObject(refused)
  })

  it('is refused with a challenge that is huge, HTML, or missing, and with another mode', async () => {
    for (const challenge of ['9'.repeat(201), '9'.repeat(7_000), '<script>alert(1)</script>', '', '1\n2'])
      expect(await problemOf(await shake(ref, token, { challenge })), challenge.slice(0, 50)).toMatchObject(
        refused,
      )
    expect(await problemOf(await shake(ref, token, { mode: 'unsubscribe' }))).toMatchObject(refused)
    expect(await problemOf(await call(`/bots/whatsapp/${ref}`))).toMatchObject(refused)
  })

  it('is refused for a tenant that is archived', async () => {
    const gone = await makeShop()
    const { verify_token } = await connect(gone, await makeNumber())
    await admin.query(`update public.tenants set status = 'archived' where id = $1`, [gone.tenant.id])
    expect(await problemOf(await shake(gone.bot.ref_id, verify_token!))).toMatchObject(refused)
  })
})

describe('a verify token that is rotated', () => {
  it('counts for a week along with the new one, and not after it', async () => {
    const shop = await makeShop()
    const ref = shop.bot.ref_id
    const { verify_token: first } = await connect(shop, await makeNumber())
    const { verify_token: second, webhook_url } = await rotate(shop)
    expect(webhook_url).toContain(ref)
    const answers = async (...tokens: string[]) =>
      (await Promise.all(tokens.map((each) => shake(ref, each)))).map(({ status }) => status)
    expect(await answers(first!, second)).toEqual([200, 200])
    await age(shop, `previous_verify_token_expires_at = now()`)
    expect(await answers(first!, second)).toEqual([403, 200])
    // Of three only two count at a time.
    const { verify_token: third } = await rotate(shop)
    expect(await answers(first!, second, third)).toEqual([403, 200, 200])
  })
})
