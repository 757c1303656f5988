import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { admin, superuser } from '../../kit/db.ts'
import type { Person } from '../../kit/people.ts'
import { makePerson } from '../../kit/people.ts'
import type { Tenant } from '../../kit/tenants.ts'

/** Somebody whose address Auth has confirmed, in a mailbox that acts as its first word says. */
export async function makeReader(mode = ''): Promise<Person> {
  const person = await makePerson()
  const email = `${mode}${randomUUID()}@example.com`
  await superuser.query('update auth.users set email = $2, email_confirmed_at = now() where id = $1', [
    person.id,
    email,
  ])
  return { ...person, email }
}

/** Tells the owners something: what is near is not critical, and what is reached is. */
export const tell = (tenant: Tenant, type = 'limit.near') =>
  admin.query(
    `select private.notify($1, $2, '{owners}', '{"limit": "members", "percent": 80, "most": 10}')`,
    [tenant.id, type],
  )

export interface Job {
  id: string
  status: string
  type: string
  provider: string | null
  error: string | null
  data: object
  template_version: number | null
}

export async function jobsOf(tenant: Tenant): Promise<Job[]> {
  const { rows } = await superuser.query<Job>(
    'select id, status, type, provider, error, data, template_version from private.notification_jobs where tenant_id = $1 order by id',
    [tenant.id],
  )
  return rows
}

/** The jobs of a tenant once none of them waits any more. */
export async function settledJobs(tenant: Tenant): Promise<Job[]> {
  for (const end = Date.now() + 90_000; ; await sleep(100)) {
    const jobs = await jobsOf(tenant)
    if (jobs.length > 0 && jobs.every(({ status }) => status !== 'pending')) return jobs
    if (Date.now() > end) throw new Error(`Not settled: ${JSON.stringify(jobs)}`)
  }
}

/** Each attempt, as the log has it. */
export async function logOf(tenant: Tenant) {
  const { rows } = await admin.query(
    `select status, attempt, provider, error, recipients_count from public.notification_dispatch_log
     where tenant_id = $1 order by id`,
    [tenant.id],
  )
  return rows
}
