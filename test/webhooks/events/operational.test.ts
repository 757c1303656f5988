import { describe, expect, it } from 'vitest'
import { ulidOf } from '../../../lib/db/index.ts'
import { admin, type Queryable, rolledBack } from '../../kit/db.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { addEndpoint } from '../endpoint.ts'
import { schemaValidators, toldTo } from './told.ts'

interface Turn {
  /** How the endpoint's queue stands before. */
  endpointQueue?: string
  result: Record<string, unknown>
  told: Record<string, object>
}

const failure = { outcome: 'failed', error_code: 'timeout', error_detail: 'The receiver took too long.' }
const success = { outcome: 'succeeded', response_status: 200 }
const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*(Z|\+00:00)$/)

const turns: Record<string, Turn> = {
  'an endpoint that has failed for half of the five days': {
    endpointQueue: `failure_count = 20, failing_since_at = now() - interval '61 hours'`,
    result: failure,
    told: { 'endpoint.failing': { percent: 50, failing_since: moment, consecutive_failures: 21 } },
  },
  'one that has failed for all of them': {
    endpointQueue: `failure_count = 40, warned_percent = 90, failing_since_at = now() - interval '121 hours'`,
    result: failure,
    told: { 'endpoint.disabled': { reason: 'failing', failing_since: moment } },
  },
  'one that is gone': {
    result: { ...failure, response_status: 410, stop_reason: 'gone' },
    told: { 'endpoint.disabled': { reason: 'gone' } },
  },
  'one that asks for it': {
    result: { ...success, stop_reason: 'asked' },
    told: { 'endpoint.disabled': { reason: 'asked' } },
  },
  'one that takes deliveries again': {
    endpointQueue: `failure_count = 20, warned_percent = 50, failing_since_at = now() - interval '61 hours'`,
    result: success,
    told: { 'endpoint.recovered': { failing_since: moment } },
  },
  'a delivery that died': {
    result: { ...failure, attempt_number: 10 },
    told: {
      'delivery.exhausted': {
        event_type: 'product.revoked',
        message_id: expect.stringMatching(/^msg_/),
        attempt_count: 10,
        last_error: 'The receiver took too long.',
      },
    },
  },
  'nothing when all is as ever': { result: failure, told: {} },
}

/** Reports what came of the endpoint's pending delivery, as a dispatcher does. */
async function complete(db: Queryable, endpoint: string, result: Record<string, unknown>): Promise<void> {
  const { rows } = await db.query<Record<string, unknown>>(
    `update private.queue_items
     set lease_id = gen_random_uuid(), next_at = now() + interval '1 minute', attempt_count = $2 - 1
     where lane_id = $1 returning tenant_id, lane_id, item_id, lease_id`,
    [endpoint, result.attempt_number ?? 2],
  )
  const report = [{ ...rows[0], attempt_number: 2, ordering_key: null, duration_ms: 17, ...result }]
  await db.query('select private.complete_webhook_deliveries($1)', [JSON.stringify(report)])
}

describe('the queue tells of itself:', async () => {
  const validators = await schemaValidators()

  it.each(Object.entries(turns))('%s', async (_name, { endpointQueue, result, told }) => {
    const { id: tenant } = await makeTenant()
    await rolledBack(admin, async (db) => {
      const { id } = await addEndpoint(db, tenant)
      await db.query(
        `update public.webhook_endpoints set is_enabled = true, disabled_at = null, disabled_reason = null where id = $1`,
        [id],
      )
      if (endpointQueue)
        await db.query(`update private.queue_lanes set ${endpointQueue} where lane_id = $1`, [id])
      const before = (await toldTo(db, tenant)).length
      await complete(db, id, result)
      const events = (await toldTo(db, tenant)).slice(before)
      expect(events.map(({ type }) => type)).toEqual(Object.keys(told))
      for (const { type, data } of events) {
        expect(data).toEqual({
          ...told[type],
          endpoint_id: ulidOf(id),
          url: expect.stringMatching(/^https:\/\/hooks/),
        })
        const validate = validators.get(type)!
        expect(validate(data), JSON.stringify(validate.errors)).toBe(true)
      }
    })
  })
})
