import { Hono } from 'hono'
import { body, csvFile, describeRoute, formatOf, params, query, router } from '../../lib/http/index.ts'
import {
  createMeter,
  listMeters,
  Meter,
  MeterChange,
  MeterPath,
  MeterQuery,
  MeterReadings,
  Meters,
  NewMeter,
  ReadingQuery,
  readMeter,
  readReadings,
  updateMeter,
  writeReadings,
} from '../../lib/usage/index.ts'

const read = router({ auth: 'member', permission: 'read', key: 'usage:read', report: true })
  .get(
    '/',
    describeRoute("List a tenant's meters, the newest first", {
      200: { description: 'A page of them.', schema: Meters },
    }),
    query(MeterQuery),
    async (c) => c.json(await listMeters(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
  .get(
    '/:meter',
    describeRoute('Read what a meter measures, by its slug or ref_id', {
      200: { description: 'The meter.', schema: Meter },
    }),
    params(MeterPath),
    async (c) => c.json(await readMeter(c.var.db, c.var.tenant.id, c.req.valid('param').meter)),
  )
  .get(
    '/:meter/query',
    describeRoute(
      'Read what a meter shows, the newest first',
      {
        200: {
          description:
            'A page of readings, one for each window of time and group. With format=csv, or Accept: text/csv, all of them as CSV (RFC 4180).',
          schema: MeterReadings,
          orCsv: true,
        },
      },
      ['too_many_events'],
    ),
    params(MeterPath),
    query(ReadingQuery),
    async (c) => {
      const { db, tenant } = c.var
      const asked = c.req.valid('query')
      const meter = await readMeter(db, tenant.id, c.req.valid('param').meter)
      if (formatOf(c, asked.format) === 'json') return c.json(await readReadings(db, tenant.id, meter, asked))
      return csvFile(c, `${meter.slug}-${tenant.slug}`, await writeReadings(db, tenant.id, meter, asked))
    },
  )

const manage = router({ auth: 'member', permission: 'manage' })
  .post(
    '/',
    describeRoute(
      'Define a meter',
      { 201: { description: 'Made. It knows of the events before it too.', schema: Meter } },
      ['meter_slug_taken'],
    ),
    body(NewMeter),
    async (c) => c.json(await createMeter(c.var.db, c.var.tenant.id, c.req.valid('json')), 201),
  )
  .patch(
    '/:meter',
    describeRoute('Rename a meter, change what it can be split by, archive it, or open it again', {
      200: { description: 'The changed meter.', schema: Meter },
    }),
    params(MeterPath),
    body(MeterChange),
    async (c) =>
      c.json(await updateMeter(c.var.db, c.var.tenant.id, c.req.valid('param').meter, c.req.valid('json'))),
  )

export const meters = new Hono().route('/', read).route('/', manage)
