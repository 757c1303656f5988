import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { findPort } from '../../processes/ports.ts'
import { findSale, openBooks, type Sale, saveBooks } from './books.ts'
import { outcomesOf, payPage } from './page.ts'
import { cancelAtRazorpay, payAtRazorpay, razorpayApi } from './razorpay.ts'
import type { PaymentSecrets } from './secrets.ts'
import { cancelAtStripe, payAtStripe, stripeApi } from './stripe.ts'
import { sendWebhook } from './webhooks.ts'

export interface PaymentProviders {
  url: string
  stop(): Promise<void>
}

/**
 * Starts the local payment providers: the APIs of Razorpay and Stripe as far as an order needs them, a page on which an
 * order is paid, and webhooks that are signed as theirs are. No money is moved.
 */
export async function startPaymentProviders(
  secrets: PaymentSecrets,
  functionsUrl: string,
  booksPath: string,
  preferredPort?: number,
): Promise<PaymentProviders> {
  const port = await findPort(preferredPort)
  const url = `http://127.0.0.1:${port}`
  const payUrl = (id: string) => `${url}/pay/${id}`
  openBooks(booksPath)
  const app = new Hono()
    .use(async (c, next) => {
      await next()
      if (c.req.method !== 'GET') saveBooks()
    })
    .route('/razorpay', razorpayApi(secrets, payUrl))
    .route('/stripe', stripeApi(secrets, payUrl))
    .get('/pay/:id', (c) => {
      const sale = findSale(c.req.param('id'))
      return sale ? c.html(payPage(sale)) : c.text('There is no such order.\n', 404)
    })
    .post('/pay/:id', async (c) => {
      const sale = findSale(c.req.param('id'))
      const { outcome } = await c.req.parseBody()
      if (!sale || !outcomesOf(sale).some(([possible]) => possible === outcome))
        return c.text('This cannot be done with this order now.\n', 409)
      const events = happen(sale, String(outcome))
      // Before the webhooks: what was paid stays paid if this is stopped now, and the functions ask about it.
      saveBooks()
      const taken = await Promise.all(
        events.map((event) => sendWebhook(functionsUrl, sale.provider, event, secrets)),
      )
      if (taken.includes(false)) return c.text('A webhook was not taken. The log says why.\n', 502)
      return c.redirect(`/pay/${sale.id}`, 303)
    })
  const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' })
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', reject)
  })
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}

function happen(sale: Sale, outcome: string): object[] {
  if (outcome === 'cancel')
    return sale.provider === 'razorpay' ? cancelAtRazorpay(sale) : cancelAtStripe(sale)
  const isPaid = outcome === 'pay'
  return sale.provider === 'razorpay' ? payAtRazorpay(sale, isPaid) : payAtStripe(sale, isPaid)
}
