import { beforeAll, describe, expect, it } from 'vitest'
import { ulidOf } from '../../../lib/db/index.ts'
import { problemOf } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makeNumber } from '../../kit/whatsapp.ts'
import { makeShop, okay, type Shop } from '../bots-scene.ts'
import { connect, makeVerified, put, read, rotate, settingsOf, verify } from './number-scene.ts'

let shop: Shop
beforeAll(async () => {
  shop = await makeShop()
})

const refused = async (settings: object, of = shop) => problemOf(await put(of, settings))
const invalid = (...pointers: string[]) => ({ status: 422, code: 'invalid_value', pointers })
const ids = { whatsapp_phone_number_id: '100001', whatsapp_business_account_id: '200001' }

/** The ids of the secrets that a bot's number names, and how many of them are in Vault. */
async function secretsOf({ tenant }: Shop) {
  const { rows } = await superuser.query<{ ids: string[] }>(
    `select array[access_token_secret_id, app_secret_id, verify_token_secret_id] as ids
     from public.bot_numbers where tenant_id = $1`,
    [tenant.id],
  )
  return rows[0]!.ids
}
const inVault = async (secrets: string[]) =>
  (await superuser.query('select from vault.secrets where id = any ($1)', [secrets])).rowCount

describe('a number that is connected', () => {
  it('is shown without its secrets, and with what to enter at Meta', async () => {
    const number = await makeNumber()
    const { verify_token, ...shown } = await connect(shop, number)
    expect(verify_token).toMatch(/^[0-9a-f]{40}$/)
    expect(shown).toMatchObject({
      whatsapp_phone_number_id: number.phone_number_id,
      whatsapp_business_account_id: number.waba_id,
      is_verified: false,
      verified_at: null,
      paused_at: null,
    })
    expect(shown.webhook_url).toMatch(new RegExp(`/functions/v1/bots/whatsapp/${shop.bot.ref_id}$`))
    expect(await read(shop)).toEqual(shown)
    expect(JSON.stringify(shown)).not.toContain(number.token)
    // Only once: later it has to be revealed.
    expect((await connect(shop, number)).verify_token).toBeNull()
  })

  it('needs both secrets, and ids that are digits', async () => {
    const other = await makeShop()
    expect(await refused(ids, other)).toEqual(invalid('/access_token', '/app_secret'))
    expect(await refused({ ...ids, access_token: 'a' }, other)).toEqual(invalid('/app_secret'))
    const body = { status: 422, code: 'invalid_body' }
    const secrets = { access_token: 'a', app_secret: 'b' }
    expect(await refused({ ...ids, ...secrets, whatsapp_phone_number_id: '+12' }, other)).toMatchObject(body)
    expect(await refused({ ...ids, access_token: 'a b', app_secret: 'b' }, other)).toMatchObject(body)
    expect(await refused({ ...ids, ...secrets, is_verified: true }, other)).toMatchObject(body)
    expect((await other.ask(other.owner, 'GET', `/${other.bot.ref_id}/number`)).status).toBe(404)
  })

  it('is the business of managers alone', async () => {
    const path = `/${shop.bot.ref_id}/number`
    for (const [method, rest] of [
      ['GET', ''],
      ['PUT', ''],
      ['DELETE', ''],
      ['POST', '/verify'],
      ['POST', '/verify-token/rotate'],
      ['POST', '/verify-token/reveal'],
    ] as const) {
      const body = method === 'PUT' ? ids : undefined
      expect((await shop.ask(shop.member, method, path + rest, body)).status, method + rest).toBe(403)
    }
  })

  it('is not found for a bot that has none', async () => {
    const { ask, owner, bot } = await makeShop()
    for (const [method, rest] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/verify'],
      ['POST', '/verify-token/rotate'],
      ['POST', '/verify-token/reveal'],
    ] as const)
      expect((await ask(owner, method, `/${bot.ref_id}/number${rest}`)).status, method + rest).toBe(404)
  })
})

describe('a change of a number', () => {
  it('of its ids takes the trust back, and needs the access token again', async () => {
    const { shop, number } = await makeVerified()
    const other = await makeNumber()
    const { access_token, app_secret, ...others } = settingsOf(other)
    expect(await refused(others, shop)).toEqual(invalid('/access_token'))
    expect(await refused({ ...others, app_secret }, shop)).toEqual(invalid('/access_token'))
    const onlyAccount = {
      ...settingsOf(number),
      whatsapp_business_account_id: other.waba_id,
      access_token: undefined,
    }
    expect(await refused(onlyAccount, shop)).toEqual(invalid('/access_token'))
    expect((await read(shop)).is_verified).toBe(true)
    const changed = await connect(shop, other, { access_token, app_secret: undefined })
    expect(changed).toMatchObject({ is_verified: false, verified_at: null, display_phone_number: null })
  })

  it('of its token alone keeps it verified, and what was known of the old one is forgotten', async () => {
    const { shop, number } = await makeVerified()
    const changed = await connect(shop, number, { access_token: 'another' })
    expect(changed).toMatchObject({
      is_verified: true,
      last_checked_at: null,
      whatsapp_token_expires_at: null,
    })
  })

  it('that changes nothing leaves what the last check found', async () => {
    const { shop, number } = await makeVerified()
    const before = await read(shop)
    const { access_token: _, app_secret: __, ...same } = settingsOf(number)
    expect(await okay(await put(shop, same))).toEqual({
      ...JSON.parse(JSON.stringify(before)),
      verify_token: null,
    })
  })
})

describe('the secrets', () => {
  it('are in Vault as long as the number names them', async () => {
    const shop = await makeShop()
    const number = await makeNumber()
    await connect(shop, number)
    const first = await secretsOf(shop)
    expect(await inVault(first)).toBe(3)
    await connect(shop, number, { access_token: 'b', app_secret: 'c' })
    await rotate(shop)
    const second = await secretsOf(shop)
    expect(await inVault(first)).toBe(0)
    expect(await inVault(second)).toBe(3)
    expect((await shop.ask(shop.owner, 'DELETE', `/${shop.bot.ref_id}/number`)).status).toBe(204)
    expect(await inVault(second)).toBe(0)
  })

  it('go with the bot', async () => {
    const shop = await makeShop()
    await connect(shop, await makeNumber())
    const secrets = await secretsOf(shop)
    expect((await shop.ask(shop.owner, 'DELETE', `/${shop.bot.ref_id}`)).status).toBe(204)
    expect(await inVault(secrets)).toBe(0)
  })

  it('are in no row of the audit log, which names each reading', async () => {
    const shop = await makeShop()
    const number = await makeNumber()
    const { verify_token } = await connect(shop, number)
    const path = `/${shop.bot.ref_id}/number/verify-token/reveal`
    const revealed = await shop.ask(shop.owner, 'POST', path)
    expect(revealed.headers.get('cache-control')).toBe('no-store')
    expect(await okay(revealed)).toMatchObject({ verify_token })
    await verify(shop)
    const { rows } = await admin.query<{
      action: string
      actor_id: string
      target_id: string
      whole: string
    }>(
      `select action, actor_id, target_id, l::text as whole from public.audit_log as l
       where tenant_id = $1 and target_type = 'bot_numbers' order by id`,
      [shop.tenant.id],
    )
    expect(rows.map(({ action }) => action)).toEqual([
      'bot_numbers.created',
      'bot_number.verify_token_read',
      'bot_number.secrets_read',
      'bot_numbers.updated',
    ])
    expect(rows[1]).toMatchObject({ actor_id: ulidOf(shop.owner.id), target_id: shop.bot.ref_id })
    for (const secret of [number.token, number.app_secret, verify_token!])
      expect(rows.map(({ whole }) => whole).join()).not.toContain(secret)
  })
})

describe('what receiving and sending read', () => {
  const webhook = async (ref: string) =>
    (await admin.query('select * from private.read_bot_webhook($1)', [ref])).rows
  const sender = async ({ tenant, bot }: Shop) =>
    (
      await admin.query('select * from private.read_bot_sender($1, private.ulid_to_uuid($2))', [
        tenant.id,
        bot.ref_id,
      ])
    ).rows

  it('is the number with its secrets, by the bot alone', async () => {
    const { shop, number } = await makeVerified()
    expect(await webhook(shop.bot.ref_id)).toMatchObject([
      {
        tenant_id: shop.tenant.id,
        whatsapp_phone_number_id: number.phone_number_id,
        whatsapp_business_account_id: number.waba_id,
        app_secret: number.app_secret,
      },
    ])
    expect(await sender(shop)).toEqual([
      {
        whatsapp_phone_number_id: number.phone_number_id,
        access_token: number.token,
        is_verified: true,
        paused_reason: null,
      },
    ])
  })

  it('is nothing for a bot without a number, for one that there is not, and of a tenant that is archived', async () => {
    const bare = await makeShop()
    expect(await webhook(bare.bot.ref_id)).toEqual([])
    expect(await sender(bare)).toEqual([])
    expect(await webhook('01JD3N8Q4ZB6T2V9XK5M7R0C1E')).toEqual([])
    expect(await webhook(`${'x'.repeat(100_000)}`)).toEqual([])
    await connect(bare, await makeNumber())
    expect(await webhook(bare.bot.ref_id)).toHaveLength(1)
    await admin.query(`update public.tenants set status = 'archived' where id = $1`, [bare.tenant.id])
    expect(await webhook(bare.bot.ref_id)).toEqual([])
  })
})
