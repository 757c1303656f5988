import { beforeEach, describe, expect, it } from 'vitest'
import { BotTemplate, BotTemplates } from '../../../lib/bots/index.ts'
import { problemOf } from '../../kit/call.ts'
import { addTemplate, makeShop, okay, type Shop } from '../bots-scene.ts'

let shop: Shop
let at: string
beforeEach(async () => {
  shop = await makeShop()
  at = `/${shop.bot.ref_id}/templates`
})
const change = (ref: string, body: object, version = '"1"') =>
  shop.ask(shop.member, 'PATCH', `${at}/${ref}`, body, { 'if-match': version })
const defaults = async () => {
  const { templates } = BotTemplates.parse(await okay(await shop.ask(shop.reviewer, 'GET', at)))
  return templates.filter(({ is_default }) => is_default).map(({ template_name }) => template_name)
}

describe('templates', () => {
  it('begin friendly, and the first one of a bot is its default', async () => {
    const first = await addTemplate(shop)
    const second = await addTemplate(shop, { template_name: 'product', tone: 'professional' })
    expect([first, second]).toMatchObject([
      { tone: 'friendly', max_response_length: 1_000, is_default: true, version: 1 },
      { tone: 'professional', is_default: false },
    ])
    expect(await okay(await shop.ask(shop.reviewer, 'GET', `${at}/${second.ref_id}`))).toEqual(second)
  })
  it('hand over to another default, however many become it at once', async () => {
    const made = []
    for (const template_name of ['one', 'two', 'three', 'four'])
      made.push(await addTemplate(shop, { template_name }))
    const answers = await Promise.all(made.slice(1).map(({ ref_id }) => change(ref_id, { is_default: true })))
    // Whoever becomes the default changes the one before, so a slower one may have read an older version of itself.
    expect(answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 412)).toEqual(
      [],
    )
    expect(await defaults()).toHaveLength(1)
  })
  it('are changed by whoever has read the last version, and by nobody else', async () => {
    const { ref_id } = await addTemplate(shop)
    const answer = await change(ref_id, { system_prompt: 'Be brief.' })
    expect(answer.headers.get('etag')).toBe('"2"')
    expect(BotTemplate.parse(await okay(answer))).toMatchObject({ system_prompt: 'Be brief.', version: 2 })
    const late = await change(ref_id, { system_prompt: 'Be long.' })
    expect(await late.json()).toMatchObject({ status: 412, code: 'version_mismatch', version: 2 })
    const blind = await shop.ask(shop.member, 'PATCH', `${at}/${ref_id}`, { tone: 'professional' })
    expect(await problemOf(blind)).toMatchObject({ status: 428, code: 'if_match_required' })
  })
  it('are deleted once', async () => {
    const { ref_id } = await addTemplate(shop)
    expect((await shop.ask(shop.member, 'DELETE', `${at}/${ref_id}`)).status).toBe(204)
    expect(await problemOf(await shop.ask(shop.member, 'DELETE', `${at}/${ref_id}`))).toMatchObject(notFound)
    expect(await problemOf(await change(ref_id, { tone: 'friendly' }))).toMatchObject(notFound)
  })
})

describe('what is refused', () => {
  it('a reviewer who writes', async () => {
    const body = { template_name: 'x', system_prompt: 'x' }
    expect(await problemOf(await shop.ask(shop.reviewer, 'POST', at, body))).toMatchObject({ status: 403 })
  })
  it('two templates of one name in a bot, and not in two', async () => {
    await addTemplate(shop)
    const again = await shop.ask(shop.member, 'POST', at, { template_name: 'default', system_prompt: 'x' })
    expect(await problemOf(again)).toMatchObject({ status: 409, pointers: ['/template_name'] })
    await addTemplate(await makeShop({}, {}))
  })
  it.each([
    '{{contact.name}}',
    '{{brand.secret}}',
    '{{#business}}x{{/business}}',
    '{{{business.hours}}}',
    'Open {{business.hours',
    '{{> other}}',
  ])('instructions with %s', async (prompt) => {
    const refused = { status: 422, code: 'invalid_value', pointers: ['/system_prompt'] }
    const body = { template_name: 'x', system_prompt: prompt }
    expect(await problemOf(await shop.ask(shop.member, 'POST', at, body))).toEqual(refused)
    const { ref_id } = await addTemplate(shop)
    expect(await problemOf(await change(ref_id, { system_prompt: prompt }))).toEqual(refused)
  })
  it('a default that is switched off', async () => {
    const { ref_id } = await addTemplate(shop)
    expect(await problemOf(await change(ref_id, { is_active: false }))).toMatchObject({
      status: 422,
      pointers: ['/is_active'],
    })
  })
  it.each<[object, string]>([
    [{ template_name: '', system_prompt: 'x' }, '/template_name'],
    [{ template_name: 'x' }, '/system_prompt'],
    [{ template_name: 'x', system_prompt: 'x'.repeat(8_001) }, '/system_prompt'],
    [{ template_name: 'x', system_prompt: 'x', max_response_length: 5 }, '/max_response_length'],
    [{ template_name: 'x', system_prompt: 'x', tone: 'rude' }, '/tone'],
    [{ template_name: 'x', system_prompt: 'x', version: 3 }, '/version'],
  ])('a template of %j', async (body, pointer) => {
    expect(await problemOf(await shop.ask(shop.member, 'POST', at, body))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers: [pointer],
    })
  })
  it('a template of another bot, of the same tenant too', async () => {
    const { ref_id } = await addTemplate(shop)
    const second = (await okay(
      await shop.ask(shop.owner, 'POST', '', { client_name: 'The second' }),
      201,
    )) as { ref_id: string }
    const path = `/${second.ref_id}/templates/${ref_id}`
    expect(await problemOf(await shop.ask(shop.member, 'GET', path))).toMatchObject(notFound)
    expect(await problemOf(await shop.ask(shop.member, 'DELETE', path))).toMatchObject(notFound)
  })
})

const notFound = { status: 404, code: 'not_found' }
