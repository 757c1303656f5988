import { beforeEach, describe, expect, it } from 'vitest'
import { Bot, Bots } from '../../../lib/bots/index.ts'
import { problemOf } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { addBot, makeShop, okay, type Shop } from '../bots-scene.ts'

let shop: Shop
let at: string
beforeEach(async () => {
  shop = await makeShop()
  at = `/${shop.bot.ref_id}`
})

describe('a bot', () => {
  it('is not active until somebody says so', async () => {
    const made = Bot.parse(
      await okay(await shop.ask(shop.owner, 'POST', '', { client_name: ' Quiet ' }), 201),
    )
    expect(made).toMatchObject({ client_name: 'Quiet', is_active: false, model: null, business_profile: {} })
    const changed = await okay(await shop.ask(shop.owner, 'PATCH', `/${made.ref_id}`, { is_active: true }))
    expect(changed).toMatchObject({ client_name: 'Quiet', is_active: true })
  })
  it('keeps what the shop is and how it is reached', async () => {
    const given = {
      client_name: 'Kassangas Music Shop',
      client_phone: '+447700900145',
      client_email: 'hello@kassangas.test',
      point_of_contact_name: 'Gideon',
      point_of_contact_phone: '+447700900146',
      business_profile: { hours: 'Monday to Friday', address: 'Moi Avenue' },
      metadata: { crm: 7 },
    }
    const made = Bot.parse(await okay(await shop.ask(shop.owner, 'POST', '', given), 201))
    expect(made).toMatchObject(given)
    expect(await okay(await shop.ask(shop.reviewer, 'GET', `/${made.ref_id}`))).toEqual(made)
    const { bots } = Bots.parse(await okay(await shop.ask(shop.reviewer, 'GET')))
    expect(bots.map(({ ref_id }) => ref_id)).toEqual([made.ref_id, shop.bot.ref_id])
  })
  it('has settings from the first moment, and is deleted with all that is its own', async () => {
    await shop.ask(shop.member, 'POST', `${at}/training-data`, { question: 'Open?', answer: 'Yes.' })
    expect((await shop.ask(shop.owner, 'DELETE', at)).status).toBe(204)
    const { rows } = await admin.query(
      `select (select count(*) from public.bot_control_settings where tenant_id = $1)
         + (select count(*) from public.bot_training_data where tenant_id = $1) as left_over`,
      [shop.tenant.id],
    )
    expect(Number(rows[0].left_over)).toBe(0)
    expect(await problemOf(await shop.ask(shop.owner, 'GET', at))).toMatchObject(notFound)
    expect(await problemOf(await shop.ask(shop.owner, 'DELETE', at))).toMatchObject(notFound)
  })
})

describe('the model of a bot', () => {
  const custom = { provider: 'custom', base_url: 'https://models.example/v1', model: 'm-1' }
  const put = (body: object) => shop.ask(shop.owner, 'PUT', `${at}/model`, body)
  const secrets = async () =>
    (
      await superuser.query(
        `select s.decrypted_secret as secret from public.bot_tenants as b
         join vault.decrypted_secrets as s on s.id = b.ai_api_key_secret_id where b.tenant_id = $1`,
        [shop.tenant.id],
      )
    ).rows.map(({ secret }) => secret)

  it('has an address that is known, or one of its own', async () => {
    const openrouter = {
      provider: 'openrouter',
      base_url: 'https://openrouter.ai/api/v1',
      model: 'some/model',
    }
    const set = await okay(await put({ provider: 'openrouter', model: 'some/model' }))
    expect(set).toMatchObject({ model: { ...openrouter, has_api_key: false } })
    expect(await okay(await put(custom))).toMatchObject({ model: custom })
  })
  it('has its key in Vault, shows it to nobody, and deletes it with the model', async () => {
    const answer = await (await put({ ...custom, api_key: 'sk-secret-1' })).text()
    expect(answer).toContain('"has_api_key":true')
    expect(answer).not.toContain('sk-secret-1')
    expect(await secrets()).toEqual(['sk-secret-1'])
    expect((await shop.ask(shop.owner, 'DELETE', `${at}/model`)).status).toBe(204)
    expect(await secrets()).toEqual([])
    expect(await problemOf(await shop.ask(shop.owner, 'DELETE', `${at}/model`))).toMatchObject(notFound)
  })
  it('takes its key to no other server', async () => {
    await put({ ...custom, api_key: 'sk-secret-1' })
    const elsewhere = { ...custom, base_url: 'https://eve.example/v1' }
    const refused = { status: 422, code: 'invalid_value', pointers: ['/api_key'] }
    expect(await problemOf(await put(elsewhere))).toEqual(refused)
    expect(await problemOf(await put({ provider: 'openai', model: 'm-1' }))).toEqual(refused)
    expect(await okay(await put({ ...custom, model: 'm-2' }))).toMatchObject({ model: { has_api_key: true } })
    expect(await okay(await put({ ...elsewhere, api_key: 'sk-2' }))).toMatchObject({ model: elsewhere })
    expect(await secrets()).toEqual(['sk-2'])
  })
  it.each<[object, string]>([
    [{ provider: 'custom', model: 'm' }, '/base_url'],
    [{ provider: 'openai', base_url: 'https://eve.example/v1', model: 'm' }, '/base_url'],
    [{ provider: 'custom', base_url: 'ftp://models.example', model: 'm' }, '/base_url'],
    [{ provider: 'custom', base_url: 'https://10.0.0.1/v1', model: 'm' }, '/base_url'],
    [{ provider: 'mine', model: 'm' }, '/provider'],
    [{ provider: 'openai', model: '' }, '/model'],
    [{ provider: 'openai', model: 'm', api_key: 'with space' }, '/api_key'],
  ])('is refused as %j', async (body, pointer) => {
    expect(await problemOf(await put(body))).toMatchObject({ status: 422, pointers: [pointer] })
  })
  it('is a matter of managers, in their own tenant', async () => {
    expect(await problemOf(await shop.ask(shop.member, 'PUT', `${at}/model`, custom))).toMatchObject(
      forbidden,
    )
    const other = await makeShop()
    expect(await problemOf(await other.ask(other.owner, 'PUT', `${at}/model`, custom))).toMatchObject(
      notFound,
    )
    expect(await problemOf(await other.ask(other.owner, 'DELETE', `${at}/model`))).toMatchObject(notFound)
  })
})

describe('what is refused', () => {
  it('a member who makes, changes or deletes a bot', async () => {
    expect(await problemOf(await shop.ask(shop.member, 'POST', '', { client_name: 'Mine' }))).toMatchObject(
      forbidden,
    )
    expect(await problemOf(await shop.ask(shop.member, 'PATCH', at, { is_active: false }))).toMatchObject(
      forbidden,
    )
    expect(await problemOf(await shop.ask(shop.member, 'DELETE', at))).toMatchObject(forbidden)
  })
  it.each<[unknown, string[]]>([
    [{}, ['/client_name']],
    [{ client_name: '  ' }, ['/client_name']],
    [{ client_name: 'x'.repeat(201) }, ['/client_name']],
    [{ client_name: 'x', client_phone: '0702245555' }, ['/client_phone']],
    [{ client_name: 'x', client_email: 'nobody' }, ['/client_email']],
    [{ client_name: 'x', business_profile: { Hours: 'x' } }, ['/business_profile/Hours']],
    [{ client_name: 'x', business_profile: { hours: 8 } }, ['/business_profile/hours']],
    [{ client_name: 'x', business_profile: { hours: 'x'.repeat(2_001) } }, ['/business_profile/hours']],
    [{ client_name: 'x', tenant_id: 'y' }, ['/tenant_id']],
  ])('a bot of %j', async (body, pointers) => {
    const refused = { status: 422, code: 'invalid_body', pointers }
    expect(await problemOf(await shop.ask(shop.owner, 'POST', '', body))).toEqual(refused)
  })
  it.each<[object, string]>([
    [{ client_name: 'a\u202eb' }, '/client_name'],
    [{ business_profile: { hours: 'a\u202eb' } }, '/business_profile'],
    [{ metadata: { x: 'x'.repeat(9_000) } }, '/metadata'],
  ])('a change to %j', async (body, pointer) => {
    const refused = { status: 422, code: 'invalid_value', pointers: [pointer] }
    expect(await problemOf(await shop.ask(shop.owner, 'PATCH', at, body))).toEqual(refused)
  })
  it('the telephone number of another bot of the tenant, and not of another tenant', async () => {
    const number = { client_phone: '+447700900145' }
    await okay(await shop.ask(shop.owner, 'PATCH', at, number))
    const second = await addBot(shop.tenant)
    const refused = { status: 409, pointers: ['/client_phone'] }
    expect(await problemOf(await shop.ask(shop.owner, 'PATCH', `/${second}`, number))).toMatchObject(refused)
    const other = await makeShop()
    await okay(await other.ask(other.owner, 'PATCH', `/${other.bot.ref_id}`, number))
  })
  it('a bot of another tenant, and a ref_id that is none', async () => {
    const theirs = await addBot((await makeShop()).tenant)
    for (const ref of [theirs, '01JD3N8Q4ZB6T2V9XK5M7R0C1E', 'nonsense'])
      for (const [method, path, body] of [
        ['GET', ''],
        ['PATCH', '', { is_active: false }],
        ['DELETE', ''],
        ['GET', '/settings'],
        ['PATCH', '/settings', { is_bot_enabled: false }],
        ['GET', '/templates'],
        ['POST', '/templates', { template_name: 'x', system_prompt: 'x' }],
        ['GET', '/training-data'],
        ['POST', '/training-data', { question: 'x', answer: 'x' }],
        ['POST', '/try', { text: 'x' }],
      ] as const)
        expect(
          await problemOf(await shop.ask(shop.owner, method, `/${ref}${path}`, body)),
          `${method} ${ref}${path}`,
        ).toMatchObject(notFound)
  })
  it('a bot where the plan has none', async () => {
    await admin.query(`update public.tenants set plan = 'starter' where id = $1`, [shop.tenant.id])
    const answer = await shop.ask(shop.owner, 'POST', '', { client_name: 'One more' })
    expect(await problemOf(answer)).toMatchObject({ status: 402, code: 'feature_not_in_plan' })
  })
})

const notFound = { status: 404, code: 'not_found' }
const forbidden = { status: 403, code: 'forbidden' }
