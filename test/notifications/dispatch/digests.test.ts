import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, expect, it } from 'vitest'
import { admin, rolledBack } from '../../kit/db.ts'
import { mailTo } from '../../kit/mailbox.ts'
import type { Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { jobsOf, makeReader, settledJobs } from './world.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makeReader()
  tenant = await makeTenant({ owner })
})

const tell = (n: number, { type = 'limit.near', key = 'limits', db = admin } = {}) =>
  db.query(`select private.notify($1, $2, '{owners}', $3, batch_key => $4)`, [
    tenant.id,
    type,
    { limit: `limit ${n}`, percent: 80, most: 10 },
    key,
  ])
/** What a dispatcher does when the window is over. */
const close = async () => {
  await admin.query(
    'update private.notification_jobs set due_at = now() where tenant_id = $1 and queued_at is null',
    [tenant.id],
  )
  await admin.query(`select private.wake_dispatcher('notifications', is_urgent => true)`)
}
const told = async () =>
  (await admin.query('select from public.notifications where tenant_id = $1', [tenant.id])).rowCount

it('what is told within a window is one message, with a line for each', async () => {
  for (const n of [1, 2, 3]) await tell(n)
  const { rows } = await admin.query(
    `select due_at between now() + interval '4 minutes' and now() + interval '6 minutes' as waits
     from private.notification_jobs where tenant_id = $1`,
    [tenant.id],
  )
  expect(rows).toEqual([{ waits: true }])
  await close()
  expect(await settledJobs(tenant)).toHaveLength(1)
  const mails = await mailTo(owner.email)
  expect(mails.map(({ subject }) => subject)).toEqual([`3 notifications from ${tenant.slug}`])
  for (const n of [1, 2, 3]) expect(mails[0]!.text).toMatch(new RegExp(`^80 % of "limit ${n}" are used`, 'm'))
  expect(await told()).toBe(3)
})

it('one alone is told as ever, and what comes after the window begins another', async () => {
  await tell(1)
  await close()
  await settledJobs(tenant)
  await tell(2)
  expect(await jobsOf(tenant)).toMatchObject([{ status: 'sent' }, { status: 'pending' }])
  await close()
  await settledJobs(tenant)
  expect((await mailTo(owner.email)).map(({ subject }) => subject).sort()).toEqual([
    '80 % of "limit 1" are used. Your plan allows 10.',
    '80 % of "limit 2" are used. Your plan allows 10.',
  ])
})

it('fifty at once are one message that counts them all, in twenty lines', async () => {
  await Promise.all(Array.from({ length: 50 }, (_, n) => tell(n)))
  const [job, ...others] = await jobsOf(tenant)
  expect(others).toEqual([])
  const { count, messages } = job!.data as { count: number; messages: string }
  expect([count, messages.split('\n').length]).toEqual([50, 20])
  expect(await told()).toBe(50)
})

it('while windows are closed, nothing is lost and nothing is told twice', { timeout: 120_000 }, async () => {
  const total = 150
  let next = 0
  const emit = async () => {
    while (next < total) {
      await tell(next++)
      await sleep(Math.random() * 10)
    }
  }
  const emitted = Promise.all(Array.from({ length: 6 }, emit))
  let isOver = false
  emitted.then(() => {
    isOver = true
  })
  while (!isOver) {
    await close()
    await sleep(Math.random() * 40)
  }
  await emitted
  await close()
  await settledJobs(tenant)
  const subjects = (await mailTo(owner.email)).map(({ subject }) => subject)
  const counts = subjects.map((subject) => Number(/^(\d+) notifications/.exec(subject)?.[1] ?? 1))
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(total)
  expect(subjects.length).toBeGreaterThan(1)
})

it('keys, people and what is critical stay apart', async () => {
  await tell(1)
  await tell(2, { key: 'others' })
  await tell(3, { type: 'limit.reached' })
  const { rows } = await admin.query(
    'select batch_key, due_at <= now() as is_due from private.notification_jobs where tenant_id = $1 order by id',
    [tenant.id],
  )
  expect(rows).toEqual([
    { batch_key: 'limits', is_due: false },
    { batch_key: 'others', is_due: false },
    { batch_key: null, is_due: true },
  ])
})

it('what is taken back is not in the digest', async () => {
  await tell(1)
  await rolledBack(admin, (db) => tell(2, { db: db as unknown as typeof admin }))
  expect((await jobsOf(tenant))[0]!.data).toEqual({
    message: '80 % of "limit 1" are used. Your plan allows 10.',
  })
})
