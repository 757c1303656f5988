import { expect } from 'vitest'
import { call } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

export interface AuditEvent {
  seq: number
  action: string
  [field: string]: unknown
}
export interface Page {
  events: AuditEvent[]
  next_cursor: string | null
}

export interface World {
  owner: Person
  reviewer: Person
  tenant: Tenant
}

/** A tenant in which something happened: twelve campaigns, one change by its owner, one refused to its reviewer. */
export async function makeLog(): Promise<World> {
  const [owner, reviewer] = [await makePerson(), await makePerson()]
  const tenant = await makeTenant({ owner, reviewer })
  for (let n = 1; n <= 12; n++) {
    await admin.query('insert into public.campaigns (tenant_id, name) values ($1, $2)', [
      tenant.id,
      `Campaign ${n}`,
    ])
  }
  await call(`/registry/tenants/${tenant.slug}`, {
    method: 'PATCH',
    token: owner.token,
    body: { name: 'Renamed' },
  })
  await call(`/registry/tenants/${tenant.slug}`, {
    method: 'PATCH',
    token: reviewer.token,
    body: { name: 'No' },
  })
  return { owner, reviewer, tenant }
}

export const logPath = ({ slug }: Tenant, rest = '') => `/registry/tenants/${slug}/audit${rest}`

/** One page of the log. */
export async function readPage(tenant: Tenant, token: string, query = ''): Promise<Page> {
  const response = await call(logPath(tenant, query), { token })
  expect(response.status).toBe(200)
  return (await response.json()) as Page
}
