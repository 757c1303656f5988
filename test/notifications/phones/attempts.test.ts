import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

const number = '+447700900123'
let tenant: Tenant
beforeEach(async () => {
  tenant = await makeTenant()
})

describe('an attempt that began and was not heard of', () => {
  const makeJob = async () => {
    const { rows } = await admin.query<{ id: string }>(
      `insert into private.notification_jobs (tenant_id, channel, type, template, address, idempotency_key, queued_at)
       values ($1, 'sms', 'welcome', 'welcome', $2, 'x', now()) returning id`,
      [tenant.id, number],
    )
    return rows[0]!.id
  }
  const begin = async (job: string) => {
    const { rows } = await admin.query(
      `select private.begin_phone_message($1, $2, $3, 'twilio') as is_ours`,
      [tenant.id, job, randomUUID()],
    )
    return rows[0].is_ours
  }
  const record = (job: string, attempt: object) =>
    admin.query('select private.record_notification_attempts($1)', [
      JSON.stringify([
        { tenant_id: tenant.id, job_id: job, dispatched: 'sent', provider: 'twilio', ...attempt },
      ]),
    ])
  const statusOf = async (job: string) =>
    (
      await admin.query(
        'select status, begun_at is not null as has_begun from private.notification_jobs where id = $1',
        [job],
      )
    ).rows[0]
  const stopOf = async (job: string) =>
    (
      await admin.query('select stop from private.read_notification_jobs(array[$1::uuid], array[$2::uuid])', [
        tenant.id,
        job,
      ])
    ).rows[0]?.stop

  it('is begun by one only, and ends as unknown', async () => {
    const job = await makeJob()
    expect((await Promise.all([begin(job), begin(job), begin(job)])).filter(Boolean)).toHaveLength(1)
    expect(await stopOf(job)).toBe('unknown')
    await record(job, { status: 'unknown', dispatched: null })
    expect(await statusOf(job)).toEqual({ status: 'unknown', has_begun: true })
    expect(await begin(job)).toBe(false)
  })

  it('is known after all when the first dispatcher reports late', async () => {
    const job = await makeJob()
    await begin(job)
    await record(job, { status: 'unknown', dispatched: null })
    await record(job, { status: 'sent', message_id: 'SM9', has_begun: true })
    expect(await statusOf(job)).toMatchObject({ status: 'sent' })
    await record(job, { status: 'unknown', has_begun: true })
    expect(await statusOf(job)).toMatchObject({ status: 'sent' })
  })

  it('may begin again once it is known to have sent nothing', async () => {
    const job = await makeJob()
    await begin(job)
    await record(job, { status: null, dispatched: 'failed', has_begun: true })
    expect(await statusOf(job)).toEqual({ status: 'pending', has_begun: false })
    expect(await begin(job)).toBe(true)
  })
})
