import { Hono } from 'hono'
import { body, describeRoute, query, router } from '../../lib/http/index.ts'
import {
  listModelPrices,
  ModelPrice,
  ModelPrices,
  NewModelPrice,
  PriceQuery,
  readSpend,
  Spend,
  SpendCap,
  setModelPrice,
  setSpendCap,
} from '../../lib/usage/index.ts'

const read = router({
  auth: 'member',
  permission: 'read_admin',
  service: true,
  key: 'spend:read',
  report: true,
}).get(
  '/',
  describeRoute("Read what this month's calls cost, by model, and what is left of the cap", {
    200: { description: 'At this moment.', schema: Spend },
  }),
  async (c) => c.json(await readSpend(c.var.db, c.var.tenant.id)),
)

/** As the owner changes the rest of billing. */
const cap = router({ auth: 'member', permission: 'own' }).put(
  '/cap',
  describeRoute('Set the monthly spend cap of model calls', {
    200: { description: 'What is left of it.', schema: Spend },
  }),
  body(SpendCap),
  async (c) => c.json(await setSpendCap(c.var.db, c.var.tenant.id, c.req.valid('json'))),
)

/** The price list belongs to no tenant. */
const readPrices = router({ auth: 'user' }).get(
  '/',
  describeRoute('List the prices of models and tools, the newest first', {
    200: { description: 'A page of them, past and future ones too.', schema: ModelPrices },
  }),
  query(PriceQuery),
  async (c) => c.json(await listModelPrices(c.var.db, c.req.valid('query'))),
)

/** Only the platform sets a price. */
const writePrices = router({ auth: 'service' }).post(
  '/',
  describeRoute('Set the price of a model or a tool, from now or from a later moment on', {
    200: { description: 'The price. The ones before stay as they were.', schema: ModelPrice },
  }),
  body(NewModelPrice),
  async (c) => c.json(await setModelPrice(c.var.db, c.req.valid('json'))),
)

export const spend = new Hono().route('/', read).route('/', cap)
export const modelPrices = new Hono().route('/', readPrices).route('/', writePrices)
