import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import {
  getTenantByDomain,
  getTenantById,
  getTenantBySlug,
  getTenantForUser,
} from '../../../lib/branding/index.ts'
import { admin, callerDb, closeConnections, type Db } from '../../../lib/db/index.ts'
import { admin as setup } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

process.env.SUPABASE_DB_URL = inject('stack').db_url
afterAll(closeConnections)

let coach: Person
let stranger: Person
let tenant: Tenant
let own: Db
let foreign: Db
const host = `p-${randomUUID()}.example`
beforeAll(async () => {
  coach = await makePerson()
  stranger = await makePerson()
  tenant = await makeTenant({ owner: coach })
  await makeTenant({ owner: stranger })
  await setup.query(
    `insert into public.tenant_domains (tenant_id, host, status, verified_at, is_primary) values ($1, $2, 'verified', now(), true)`,
    [tenant.id, host],
  )
  own = callerDb({ role: 'authenticated', sub: coach.id })
  foreign = callerDb({ role: 'authenticated', sub: stranger.id })
})

describe('the four queries of requirement document 002', () => {
  it.each([
    ['getTenantBySlug', (db: Db) => getTenantBySlug(db, tenant.slug)],
    ['getTenantBySlug, in capitals', (db: Db) => getTenantBySlug(db, tenant.slug.toUpperCase())],
    ['getTenantByDomain', (db: Db) => getTenantByDomain(db, `WWW.${host.toUpperCase()}:443`)],
    ['getTenantById', (db: Db) => getTenantById(db, tenant.id)],
    ['getTenantForUser', (db: Db) => getTenantForUser(db, coach.id)],
  ])('%s finds the profile, for its coach and the admin, and for nobody else', async (_name, find) => {
    const profile = await find(own)
    expect(profile).toMatchObject({
      id: tenant.id,
      user_id: coach.id,
      slug: tenant.slug,
      custom_domain: host,
      is_active: true,
    })
    expect(Object.keys(profile ?? {}).sort()).toEqual(
      [
        'id',
        'user_id',
        'slug',
        'display_name',
        'tenant_type',
        'brand_config',
        'email_config',
        'enabled_assessments',
        'subscription_tier',
        'is_active',
        'custom_domain',
        'created_at',
        'updated_at',
      ].sort(),
    )
    expect(await find(admin)).toEqual(profile)
    expect(await find(foreign)).toBeNull()
  })

  it('answer null for what is not there', async () => {
    expect(await getTenantBySlug(admin, 'no-such-tenant')).toBeNull()
    expect(await getTenantByDomain(admin, 'nobody.example')).toBeNull()
    expect(await getTenantByDomain(admin, 'not a host')).toBeNull()
    expect(await getTenantById(admin, randomUUID())).toBeNull()
    expect(await getTenantForUser(admin, randomUUID())).toBeNull()
  })

  it('getTenantForUser prefers the tenant a person owns, and skips archived ones', async () => {
    const person = await makePerson()
    await makeTenant({ owner: person, status: 'archived' })
    const joined = await makeTenant({ reviewer: person })
    expect(await getTenantForUser(admin, person.id)).toMatchObject({ slug: joined.slug })
    const owned = await makeTenant({ owner: person })
    expect(await getTenantForUser(admin, person.id)).toMatchObject({ slug: owned.slug })
  })
})
