import { type Context, Hono } from 'hono'
import { GraphError, invalid, unknownObject } from '../errors.ts'
import { isExpired, type WhatsappNumber } from '../numbers.ts'
import type { Platform } from '../platform.ts'
import { NewTemplate } from '../templates.ts'
import { CallbackRefused } from '../webhooks/handshake.ts'
import { failIfWanted, numberFor, numbersOf, tokenIn } from './access.ts'

const application = 'An app of this machine'
const management = 'whatsapp_business_management'

/** What a business asks about itself: its numbers, who is subscribed, what a token is worth, its templates. */
export function accountApi(platform: Platform) {
  const ofAccount = (c: Context) => numberFor(platform, c, management, 'waba_id')
  const numbersIn = ({ waba_id }: WhatsappNumber) =>
    platform.numbers().filter((number) => number.waba_id === waba_id)
  return new Hono()
    .get('/debug_token', (c) => {
      const asking = tokenIn(c)
      const input = c.req.query('input_token')
      if (input === undefined) throw invalid('The parameter input_token is required.')
      const found = platform.numbers().filter((number) => number.token === input)
      const appOf = (number: WhatsappNumber) => asking === `${number.app_id}|${number.app_secret}`
      if (!platform.numbers().some(appOf)) numbersOf(platform, asking)
      const [first] = found
      if (!first) return c.json({ data: { error: tokenError, is_valid: false, scopes: [] } })
      const isOfApp = asking === input || found.some(appOf)
      if (!isOfApp) throw invalid('The App_id in the input_token did not match the Viewing App')
      failIfWanted(platform, first)
      return c.json({ data: aboutToken(first, found) })
    })
    .get('/:id/phone_numbers', (c) => c.json({ data: numbersIn(ofAccount(c)).map((each) => fieldsOf(each)) }))
    .get('/:id/subscribed_apps', (c) => {
      const number = ofAccount(c)
      const { app_id: id, is_subscribed, callback_url } = number
      const app = { id, name: application, link: `https://www.facebook.com/games/?app_id=${id}` }
      const override = callback_url && { override_callback_uri: callback_url }
      return c.json({ data: is_subscribed ? [{ whatsapp_business_api_data: app, ...override }] : [] })
    })
    .post('/:id/subscribed_apps', async (c) => {
      const number = ofAccount(c)
      const { override_callback_uri: url, verify_token } = await bodyOf(c)
      for (const each of numbersIn(number)) {
        if (url !== undefined) await setCallback(platform, each, String(url), String(verify_token ?? ''))
        each.is_subscribed = true
      }
      platform.changed()
      return c.json({ success: true })
    })
    .delete('/:id/subscribed_apps', (c) => {
      for (const number of numbersIn(ofAccount(c))) number.is_subscribed = false
      platform.changed()
      return c.json({ success: true })
    })
    .get('/:id/message_templates', (c) => {
      const name = c.req.query('name')
      const found = platform.templates.of(ofAccount(c).waba_id)
      return c.json({
        data: found
          .filter((each) => name === undefined || each.name === name)
          .map(({ waba_id: _, ...shown }) => shown),
      })
    })
    .post('/:id/message_templates', async (c) => {
      const { waba_id } = ofAccount(c)
      const wanted = NewTemplate.safeParse(await bodyOf(c))
      if (!wanted.success) throw invalid(`Param ${wanted.error.issues[0]!.path.join('.')} is not valid.`)
      const { id, status, category } = platform.templates.add(waba_id, wanted.data)
      platform.changed()
      return c.json({ id, status, category })
    })
    .get('/:id', (c, next) => {
      const id = c.req.param('id')
      const numbers = numbersOf(platform, tokenIn(c))
      const fields = c.req.query('fields')?.split(',')
      const number = numbers.find(({ phone_number_id }) => phone_number_id === id)
      if (number) return c.json(fieldsOf(numberFor(platform, c, management), fields))
      const inAccount = numbers.find(({ waba_id }) => waba_id === id)
      if (inAccount) return c.json({ id, name: inAccount.verified_name, currency: 'USD', timezone_id: '1' })
      return next()
    })
    .get('/:id', (c) => {
      throw unknownObject('get', c.req.param('id'))
    })
}

const tokenError = { code: 190, message: 'Invalid OAuth access token - Cannot parse access token' }

function aboutToken(number: WhatsappNumber, all: WhatsappNumber[]) {
  const expires =
    number.token_expires_at === null ? 0 : Math.floor(Date.parse(number.token_expires_at) / 1000)
  const error = { code: 190, message: 'Error validating access token: Session has expired.', subcode: 463 }
  return {
    app_id: number.app_id,
    type: 'SYSTEM_USER',
    application,
    data_access_expires_at: 0,
    ...(isExpired(number) && { error }),
    expires_at: expires,
    is_valid: !isExpired(number),
    scopes: number.scopes,
    granular_scopes: number.scopes.map((scope) => ({
      scope,
      target_ids: [...new Set(all.map(({ waba_id }) => waba_id))],
    })),
    user_id: '400000000000001',
  }
}

/** What is asked for of a number. A field that there is not is an error at Meta. */
function fieldsOf(number: WhatsappNumber, wanted?: string[]): Record<string, unknown> {
  const all: Record<string, unknown> = {
    verified_name: number.verified_name,
    display_phone_number: number.display_phone_number,
    quality_rating: number.quality_rating,
    code_verification_status: 'VERIFIED',
    platform_type: 'CLOUD_API',
    throughput: { level: (number.limits.per_second ?? 1000) > 80 ? 'HIGH' : 'STANDARD' },
    name_status: 'APPROVED',
    status: 'CONNECTED',
    account_mode: 'SANDBOX',
    messaging_limit_tier: 'TIER_1K',
    is_official_business_account: false,
    webhook_configuration: number.callback_url ? { application: number.callback_url } : {},
    id: number.phone_number_id,
  }
  const usual = ['verified_name', 'code_verification_status', 'display_phone_number', 'quality_rating']
  const names = [...(wanted ?? [...usual, 'platform_type', 'throughput']).filter(Boolean), 'id']
  const unknown = names.find((name) => !Object.hasOwn(all, name))
  if (unknown !== undefined)
    throw invalid(`Tried accessing nonexisting field (${unknown}) on node type (WhatsAppBusinessPhoneNumber)`)
  return Object.fromEntries(names.map((name) => [name, all[name]]))
}

async function setCallback(platform: Platform, number: WhatsappNumber, url: string, token: string) {
  try {
    await platform.setCallback(number, url, token)
  } catch (error) {
    if (!(error instanceof CallbackRefused)) throw error
    throw new GraphError(2_200, { details: error.message })
  }
}

/** JSON or a form, as the Graph API takes both. */
async function bodyOf(c: Context): Promise<Record<string, unknown>> {
  if (!/json/.test(c.req.header('content-type') ?? '')) return c.req.parseBody()
  const body: unknown = await c.req.json().catch(() => null)
  if (typeof body !== 'object' || body === null) throw invalid('The body is no JSON.')
  return body as Record<string, unknown>
}
