import { expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { makeNumber } from '../../kit/whatsapp.ts'
import { makeShop, type Shop } from '../bots-scene.ts'
import { age, connect, rotate, told } from './number-scene.ts'

async function makeConnected(): Promise<Shop> {
  const shop = await makeShop()
  await connect(shop, await makeNumber())
  return shop
}
const tellOfTokens = () => admin.query('select private.tell_of_expiring_tokens(10000)')
const tellOfVerifyTokens = () => admin.query('select private.tell_of_old_verify_tokens(10000)')

it('an access token that expires is told of 14, 7 and 1 days before, once each', async () => {
  const shop = await makeConnected()
  const counts: number[] = []
  for (const left of ['15 days', '13 days', '8 days', '7 days', '2 days', '20 hours', '1 hour', '-1 hours']) {
    await age(shop, `whatsapp_token_expires_at = now() + interval '${left}'`)
    await tellOfTokens()
    await tellOfTokens()
    counts.push(await told(shop, 'bot.token_expiring'))
  }
  expect(counts).toEqual([0, 1, 1, 2, 2, 3, 3, 3])
})

it('a token that is late known to expire is told of once, and another token anew', async () => {
  const shop = await makeConnected()
  await age(shop, `whatsapp_token_expires_at = now() + interval '20 hours'`)
  await tellOfTokens()
  await tellOfTokens()
  expect(await told(shop, 'bot.token_expiring')).toBe(1)
  await connect(shop, await makeNumber())
  await tellOfTokens()
  expect(await told(shop, 'bot.token_expiring')).toBe(1)
  await age(shop, `whatsapp_token_expires_at = now() + interval '6 days'`)
  await tellOfTokens()
  expect(await told(shop, 'bot.token_expiring')).toBe(2)
})

it('a verify token older than 90 days is told of once, until there is a new one', async () => {
  const shop = await makeConnected()
  await age(shop, `verify_token_made_at = now() - interval '89 days'`)
  await tellOfVerifyTokens()
  expect(await told(shop, 'bot.verify_token_old')).toBe(0)
  await age(shop, `verify_token_made_at = now() - interval '91 days'`)
  await tellOfVerifyTokens()
  await tellOfVerifyTokens()
  expect(await told(shop, 'bot.verify_token_old')).toBe(1)
  await rotate(shop)
  await tellOfVerifyTokens()
  expect(await told(shop, 'bot.verify_token_old')).toBe(1)
  await age(shop, `verify_token_made_at = now() - interval '91 days'`)
  await tellOfVerifyTokens()
  expect(await told(shop, 'bot.verify_token_old')).toBe(2)
})
