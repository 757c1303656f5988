import { type Context, Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { readCaller } from '../../lib/auth/index.ts'
import { body, describeRoute, requestHeaders, router } from '../../lib/http/index.ts'
import {
  Billing,
  beginRegistration,
  Checkout,
  Company,
  Contact,
  checkOut,
  Location,
  listOfferedPlans,
  OfferedPlans,
  Outcome,
  type Registrant,
  Registration,
  readOutcome,
  readRegistration,
  saveBilling,
  saveCompany,
  saveLocation,
} from '../../lib/onboarding/index.ts'
import { PaymentOrder } from '../../lib/usage/index.ts'

/** With this prefix no subdomain can set it, so no tenant's page can give a visitor a registration of its own. */
const cookie = 'tenantry-registration'

/** What the browser brings. An account counts only by a token that is verified here: 401 for any other token. */
async function registrantOf(c: Context): Promise<Registrant> {
  const caller = await readCaller(c.req.raw.headers)
  return {
    token: getCookie(c, cookie, 'host'),
    userId: caller?.kind === 'user' ? caller.id : null,
    headers: requestHeaders(c),
  }
}

const step = (description: string) => ({ 200: { description, schema: Registration } })
const refusals = ['registration_not_found', 'registration_ended', 'unauthenticated'] as const

const steps = router({ auth: 'public' })
  .post(
    '/',
    describeRoute(
      'Begin a registration, or change its first step',
      {
        201: {
          description: 'The registration. A cookie leads this browser back to it.',
          schema: Registration,
        },
      },
      ['too_many_registrations', 'unauthenticated'],
    ),
    body(Contact),
    async (c) => {
      const { registration, token } = await beginRegistration(await registrantOf(c), c.req.valid('json'))
      if (token !== null)
        setCookie(c, cookie, token, {
          prefix: 'host',
          path: '/',
          secure: true,
          httpOnly: true,
          sameSite: 'Lax',
          // As long as an order can keep a registration. Its end is in the database.
          maxAge: 5 * 86_400,
        })
      return c.json(registration, 201)
    },
  )
  .get(
    '/current',
    describeRoute("Read this browser's registration", step('How far it is.'), [...refusals]),
    async (c) => c.json(await readRegistration(await registrantOf(c))),
  )
  .put(
    '/current/company',
    describeRoute('Send the second step', step('The registration.'), [...refusals, 'step_not_reached']),
    body(Company),
    async (c) => c.json(await saveCompany(await registrantOf(c), c.req.valid('json'))),
  )
  .put(
    '/current/location',
    describeRoute('Send the third step', step('The registration.'), [...refusals, 'step_not_reached']),
    body(Location),
    async (c) => c.json(await saveLocation(await registrantOf(c), c.req.valid('json'))),
  )
  .put(
    '/current/billing',
    describeRoute('Send the fourth step, with the plan', step('The registration.'), [
      ...refusals,
      'step_not_reached',
    ]),
    body(Billing),
    async (c) => c.json(await saveBilling(await registrantOf(c), c.req.valid('json'))),
  )

const paying = router({ auth: 'public' })
  .post(
    '/current/checkout',
    describeRoute(
      'Order the chosen plan, to be paid each month',
      { 201: { description: 'The order, and where it is paid.', schema: PaymentOrder } },
      [
        ...refusals,
        'step_not_reached',
        'too_many_orders',
        'payment_provider_not_set_up',
        'payment_provider_failed',
      ],
    ),
    body(Checkout),
    async (c) => c.json(await checkOut(await registrantOf(c), c.req.valid('json')), 201),
  )
  .get(
    '/current/outcome',
    describeRoute(
      'Ask what became of the order, and which tenant it made',
      { 200: { description: 'How it stands now.', schema: Outcome } },
      [...refusals],
    ),
    async (c) => c.json(await readOutcome(await registrantOf(c))),
  )

export const registrations = new Hono().route('/', steps).route('/', paying)

export const offeredPlans = router({ auth: 'public' }).get(
  '/',
  describeRoute('List the plans that a stranger can choose, the cheapest first', {
    200: { description: 'Their prices for a month.', schema: OfferedPlans },
  }),
  async (c) => c.json(await listOfferedPlans(requestHeaders(c))),
)
