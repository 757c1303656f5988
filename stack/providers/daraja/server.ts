import { randomBytes } from 'node:crypto'
import { type HttpBindings, serve } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { z } from 'zod'
import { findPort } from '../../processes/ports.ts'
import { resultWords, Till } from './till.ts'

export interface DarajaServer {
  /** What stands for https://api.safaricom.co.ke. */
  url: string
  till: Till
  stop(): Promise<void>
}

/** With these a shop of this machine is known here. */
export const localAccount = {
  shortcode: '174379',
  consumer_key: 'local-consumer-key',
  consumer_secret: 'local-consumer-secret',
  passkey: 'local-passkey',
}

const Push = z.object({
  BusinessShortCode: z.coerce.string(),
  Password: z.string(),
  Timestamp: z.string().regex(/^\d{14}$/),
  TransactionType: z.enum(['CustomerPayBillOnline', 'CustomerBuyGoodsOnline']),
  Amount: z.coerce.number().int().min(1).max(250_000),
  PhoneNumber: z.coerce.string().regex(/^254[17]\d{8}$/),
  CallBackURL: z.url().refine((url) => !/mpesa|m-pesa|safaricom/i.test(url)),
  AccountReference: z.string().min(1).max(12),
  TransactionDesc: z.string().min(1).max(13),
})
const Query = Push.pick({ BusinessShortCode: true, Password: true, Timestamp: true }).extend({
  CheckoutRequestID: z.string(),
})

/**
 * Starts a server in the shape of Safaricom's Daraja, as far as M-Pesa Express needs it, and a page with the phones that ring.
 * No money is moved, and no phone rings but those of the page.
 */
export async function startDarajaServer(preferredPort?: number): Promise<DarajaServer> {
  const port = await findPort(preferredPort)
  const till = new Till()
  const server = serve({ fetch: daraja(till).fetch, port, hostname: '127.0.0.1' })
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', reject)
  })
  return {
    url: `http://127.0.0.1:${port}`,
    till,
    stop: () =>
      new Promise((resolve) => {
        till.stop()
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}

type Asked = Context<{ Bindings: HttpBindings }>

function daraja(till: Till) {
  const tokens = new Set<string>()
  const refused = (c: Asked, status: number, errorCode: string, errorMessage: string) =>
    c.json({ requestId: randomBytes(8).toString('hex'), errorCode, errorMessage }, status as 400)
  const isSigned = ({
    BusinessShortCode,
    Password,
    Timestamp,
  }: z.infer<typeof Query> | z.infer<typeof Push>) =>
    Password === Buffer.from(`${BusinessShortCode}${localAccount.passkey}${Timestamp}`).toString('base64') &&
    BusinessShortCode === localAccount.shortcode
  return new Hono<{ Bindings: HttpBindings }>()
    .use('/oauth/*', async (c, next) => {
      if (till.happens('server_errors')) return c.text('Service Unavailable', 503)
      return next()
    })
    .get('/oauth/v1/generate', (c) => {
      const { consumer_key, consumer_secret } = localAccount
      const known = `Basic ${Buffer.from(`${consumer_key}:${consumer_secret}`).toString('base64')}`
      if (c.req.header('authorization') !== known)
        return refused(c, 400, '400.008.01', 'Invalid Authentication passed')
      const access_token = randomBytes(14).toString('base64url')
      tokens.add(access_token)
      return c.json({ access_token, expires_in: '3599' })
    })
    .use('/mpesa/*', async (c, next) => {
      if (till.happens('server_errors')) return c.text('Service Unavailable', 503)
      const token = /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '')?.[1]
      if (!token || !tokens.has(token)) return refused(c, 404, '404.001.03', 'Invalid Access Token')
      return next()
    })
    .post('/mpesa/stkpush/v1/processrequest', async (c) => {
      const { refuse } = till.misbehaviour
      if (refuse && refuse.times > 0) {
        refuse.times--
        return refused(c, refuse.status, refuse.errorCode, 'Refused')
      }
      const push = Push.safeParse(await c.req.json().catch(() => null))
      if (!push.success)
        return refused(c, 400, '400.002.02', `Bad Request - Invalid ${String(push.error.issues[0]?.path[0])}`)
      if (!isSigned(push.data))
        return refused(c, 500, '500.001.1001', '[MerchantValidate] - Wrong credentials')
      const { BusinessShortCode, PhoneNumber, Amount, CallBackURL, AccountReference, TransactionDesc } =
        push.data
      const { merchant, checkout } = till.ring({
        shortcode: BusinessShortCode,
        phone: PhoneNumber,
        amount: Amount,
        reference: AccountReference,
        description: TransactionDesc,
        callback: CallBackURL,
      })
      if (till.happens('lost_answers')) {
        c.env.incoming.socket.destroy()
        return c.body(null)
      }
      if (till.happens('silent_answers')) await silence()
      return c.json({
        MerchantRequestID: merchant,
        CheckoutRequestID: checkout,
        ResponseCode: '0',
        ResponseDescription: 'Success. Request accepted for processing',
        CustomerMessage: 'Success. Request accepted for processing',
      })
    })
    .post('/mpesa/stkpushquery/v1/query', async (c) => {
      const query = Query.safeParse(await c.req.json().catch(() => null))
      if (!query.success || !isSigned(query.data)) return refused(c, 400, '400.002.02', 'Bad Request')
      const prompt = till.prompts.get(query.data.CheckoutRequestID)
      if (!prompt) return refused(c, 400, '400.002.02', 'Bad Request - Invalid CheckoutRequestID')
      if (till.happens('silent_queries')) {
        c.env.incoming.socket.destroy()
        return c.body(null)
      }
      if (prompt.result === null || till.happens('slow_queries'))
        return refused(c, 500, '500.001.1001', 'The transaction is being processed')
      return c.json({
        ResponseCode: '0',
        ResponseDescription: 'The service request has been accepted successsfully',
        MerchantRequestID: prompt.merchant,
        CheckoutRequestID: prompt.checkout,
        ResultCode: String(prompt.result),
        ResultDesc: resultWords[prompt.result],
      })
    })
    .get('/', (c) => c.html(phones(till)))
    .post('/prompts/:checkout', async (c) => {
      // A page of somebody else's must not press these buttons.
      const origin = c.req.header('origin')
      if (origin !== undefined && origin !== new URL(c.req.url).origin) return c.text('Not from here.\n', 403)
      const prompt = till.prompts.get(c.req.param('checkout'))
      const { result } = await c.req.parseBody()
      if (!prompt || !(Number(result) in resultWords)) return c.text('There is no such prompt.\n', 404)
      till.end(prompt, Number(result))
      return c.redirect('/', 303)
    })
}

const silence = () => new Promise<never>(() => setTimeout(() => {}, 600_000).unref())

const choices: [result: number, title: string][] = [
  [0, 'Enter the PIN'],
  [1032, 'Cancel'],
  [1, 'Too little money'],
  [2001, 'Wrong PIN'],
]

function phones(till: Till) {
  const rung = [...till.prompts.values()].toReversed().slice(0, 50)
  const row = (prompt: (typeof rung)[number]) => html`<li>
    <p>+${prompt.phone}: pay KES ${prompt.amount.toLocaleString('en-KE')} to ${prompt.shortcode}, account ${prompt.reference}</p>
    ${
      prompt.result === null
        ? html`<form method="post" action="/prompts/${prompt.checkout}">
            ${choices.map(([result, title]) => html`<button name="result" value="${result}">${title}</button> `)}
          </form>`
        : html`<p>${resultWords[prompt.result]} ${prompt.receipt ?? ''}</p>`
    }
  </li>`
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="refresh" content="5" />
        <title>M-Pesa on this machine</title>
      </head>
      <body>
        <h1>M-Pesa on this machine</h1>
        <p>Not Safaricom. No money is moved, and no real phone rings.</p>
        <ul>
          ${rung.map(row)}
        </ul>
      </body>
    </html>`
}
