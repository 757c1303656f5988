import { beforeEach, expect, it } from 'vitest'
import { problemOf } from '../../kit/call.ts'
import { makeShop, okay, type Shop } from '../bots-scene.ts'

let shop: Shop
let at: string
beforeEach(async () => {
  shop = await makeShop()
  at = `/${shop.bot.ref_id}/settings`
})

it('everybody of the tenant reads what a bot may do, and managers change it', async () => {
  const first = { is_bot_enabled: true, enable_ai_responses: true, enable_training_mode: false, metadata: {} }
  expect(await okay(await shop.ask(shop.reviewer, 'GET', at))).toMatchObject(first)
  const changed = await okay(await shop.ask(shop.owner, 'PATCH', at, { enable_training_mode: true }))
  expect(changed).toMatchObject({ ...first, enable_training_mode: true })
  expect(await okay(await shop.ask(shop.reviewer, 'GET', at))).toEqual(changed)
})

it('members change nothing of it', async () => {
  const answer = await shop.ask(shop.member, 'PATCH', at, { is_bot_enabled: false })
  expect(await problemOf(answer)).toMatchObject({ status: 403, code: 'forbidden' })
})

it.each<[unknown, string[]]>([
  [{}, ['']],
  [{ is_bot_enabled: 'yes' }, ['/is_bot_enabled']],
  [{ is_bot_enabled: true, is_verified: true }, ['/is_verified']],
  [{ metadata: [] }, ['/metadata']],
])('a change of %j is refused', async (body, pointers) => {
  const refused = { status: 422, code: 'invalid_body', pointers }
  expect(await problemOf(await shop.ask(shop.owner, 'PATCH', at, body))).toEqual(refused)
})
