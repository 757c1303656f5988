import { beforeEach, describe, expect, inject, it } from 'vitest'
import { CheckedDomains, type Domain } from '../../../lib/branding/domains/schema.ts'
import { call } from '../../kit/call.ts'
import { admin, rolledBack, superuser } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import type { Zone } from '../../kit/servers/doh-server.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { domainsOf, record } from './world.ts'

let tenant: Tenant
let domains: ReturnType<typeof domainsOf>
beforeEach(async () => {
  const owner = await makePerson()
  tenant = await makeTenant({ owner })
  domains = domainsOf(owner, tenant)
})

const wake = async () => {
  const response = await call('/branding/domains/re-check', {
    method: 'POST',
    apikey: inject('stack').secret_key,
  })
  expect(response.status).toBe(200)
  return CheckedDomains.parse(await response.json())
}
const set = (domain: Domain, assignment: string) =>
  admin.query(`update public.tenant_domains set ${assignment} where ref_id = $1`, [domain.ref_id])
const read = async (domain: Domain) => {
  const { rows } = await admin.query(
    `select status, is_primary, last_check_result, missed_check_count, first_missed_at, last_checked_at,
       round(extract(epoch from next_check_at - now()) / 3600)::int as due_in_hours
     from public.tenant_domains where ref_id = $1`,
    [domain.ref_id],
  )
  return rows[0]
}

/** A check by the calendar: what it finds is recorded whoever asked, cron in the background included. */
async function recheck(domain: Domain, zone: Zone) {
  await record(domain.host, zone)
  await set(
    domain,
    `next_check_at = now() - interval '1 day', last_checked_at = null, last_check_result = null`,
  )
  await wake()
  await expect.poll(() => read(domain)).toMatchObject({ last_check_result: expect.any(String) })
  return read(domain)
}

describe('a verified domain', () => {
  it('is checked once a day', async () => {
    const domain = await domains.addVerified()
    expect(await read(domain)).toMatchObject({ due_in_hours: 24 })
    const { last_checked_at } = await read(domain)
    await wake()
    expect((await read(domain)).last_checked_at).toEqual(last_checked_at)
    expect(await recheck(domain, { txt: [domain.record.value] })).toMatchObject({
      status: 'verified',
      last_check_result: 'token_found',
      missed_check_count: 0,
      due_in_hours: 24,
    })
  })

  it.each<[string, Zone, string]>([
    ['gone', { rcode: 3 }, 'no_such_name'],
    ['emptied', {}, 'no_record'],
    ['replaced', { txt: ['f'.repeat(40)] }, 'wrong_token'],
  ])('whose record is %s stays for three days and is then lost', async (_how, zone, result) => {
    const domain = await domains.addVerified()
    for (const missed_check_count of [1, 2, 3]) {
      expect(await recheck(domain, zone)).toMatchObject({
        status: 'verified',
        last_check_result: result,
        missed_check_count,
        due_in_hours: 24,
      })
    }
    expect((await domains.find(domain))?.missing_since).not.toBeNull()
    expect((await call(`/branding/by-domain/${domain.host}`)).status).toBe(200)
    await set(domain, `first_missed_at = now() - interval '71 hours'`)
    expect(await recheck(domain, zone)).toMatchObject({ status: 'verified', missed_check_count: 4 })
    await set(domain, `first_missed_at = now() - interval '73 hours'`)
    expect(await recheck(domain, zone)).toMatchObject({ status: 'failed', is_primary: false })
    expect((await call(`/branding/by-domain/${domain.host}`)).status).toBe(404)
    // Nobody asks again until the tenant does; then a record that is back verifies it as before.
    await wake()
    expect(await domains.verify(domain)).toMatchObject({ status: 'failed' })
    await record(domain.host, { txt: [domain.record.value] })
    expect(await domains.verify(domain)).toMatchObject({ status: 'verified', missing_since: null })
  })

  it('that was seen missing twice is not lost, however long ago', async () => {
    const domain = await domains.addVerified()
    await recheck(domain, { rcode: 3 })
    await set(domain, `first_missed_at = now() - interval '30 days'`)
    expect(await recheck(domain, { rcode: 3 })).toMatchObject({ status: 'verified', missed_check_count: 2 })
    expect(await recheck(domain, { rcode: 3 })).toMatchObject({ status: 'failed' })
  })

  it('whose record comes back starts anew', async () => {
    const domain = await domains.addVerified()
    await recheck(domain, { rcode: 3 })
    await recheck(domain, { rcode: 3 })
    expect(await recheck(domain, { txt: [domain.record.value] })).toMatchObject({
      status: 'verified',
      missed_check_count: 0,
      first_missed_at: null,
    })
  })

  it.each<[string, Zone, string]>([
    ['SERVFAIL', { rcode: 2 }, 'dns_failed'],
    ['an error of the resolver', { status: 500 }, 'resolver_failed'],
    ['garbage', { bytes: 'AAAA' }, 'resolver_failed'],
  ])('is never lost over %s, and is asked about again within the hour', async (_what, zone, result) => {
    const domain = await domains.addVerified()
    await set(domain, `missed_check_count = 5, first_missed_at = now() - interval '30 days'`)
    for (let i = 0; i < 3; i++) {
      expect(await recheck(domain, zone)).toMatchObject({
        status: 'verified',
        last_check_result: result,
        missed_check_count: 5,
        due_in_hours: 1,
      })
    }
  })

  it('that is lost as the primary one is followed by another', async () => {
    const owner = await makePerson()
    const theirs = domainsOf(owner, await makeTenant({ owner }))
    const [primary, other] = [await theirs.addVerified(), await theirs.addVerified()]
    await set(primary, `missed_check_count = 2, first_missed_at = now() - interval '73 hours'`)
    expect(await recheck(primary, { rcode: 3 })).toMatchObject({ status: 'failed', is_primary: false })
    expect(await theirs.find(other)).toMatchObject({ is_primary: true })
  })

  it('of a frozen tenant is checked and can be lost; of an archived one it is left alone', async () => {
    for (const [status, expected] of [
      ['frozen', 'failed'],
      ['archived', 'verified'],
    ] as const) {
      const owner = await makePerson()
      const still = await makeTenant({ owner })
      const domain = await domainsOf(owner, still).addVerified()
      await admin.query('update public.tenants set status = $2 where id = $1', [still.id, status])
      await record(domain.host, { rcode: 3 })
      await set(
        domain,
        `next_check_at = now() - interval '1 day', missed_check_count = 9, first_missed_at = now() - interval '73 hours'`,
      )
      await wake()
      await expect.poll(() => read(domain)).toMatchObject({ status: expected })
    }
  })

  it('is handed to one of two that ask for work at once', async () => {
    const domain = await domains.addVerified()
    await set(domain, `next_check_at = now() - interval '1 day'`)
    const [one, two] = [await admin.connect(), await admin.connect()]
    try {
      const claim = `select host from private.claim_due_domain_checks(1000)`
      await one.query('begin')
      await two.query('begin')
      const [first, second] = [await one.query(claim), await two.query(claim)]
      const claimed = [...first.rows, ...second.rows].filter(({ host }) => host === domain.host)
      expect(claimed).toHaveLength(1)
    } finally {
      await one.query('rollback')
      await two.query('rollback')
      one.release()
      two.release()
    }
  })
})

describe('cron', () => {
  const job = 'select private.request_domain_checks() as said'

  it('runs the job every few minutes, as postgres', async () => {
    const { rows } = await admin.query(
      `select schedule, username, active from cron.job where command = 'select private.request_domain_checks()'`,
    )
    expect(rows).toEqual([{ schedule: '*/5 * * * *', username: 'postgres', active: true }])
  })

  it('reaches the function through pg_net, with the key from Vault', async () => {
    const domain = await domains.addVerified()
    await record(domain.host, {})
    await set(domain, `next_check_at = now() - interval '1 day', last_check_result = null`)
    const { rows } = await admin.query(job)
    const id = /^Asked with request (\d+)\.$/.exec(rows[0]?.said)?.[1]
    expect(id).toBeDefined()
    await expect
      .poll(
        async () =>
          (await superuser.query('select status_code from net._http_response where id = $1', [id])).rows,
      )
      .toEqual([{ status_code: 200 }])
    expect(await read(domain)).toMatchObject({ last_check_result: 'no_record', missed_check_count: 1 })
  })

  it('by its own clock', async () => {
    const domain = await domains.addVerified()
    await set(domain, `next_check_at = now() - interval '1 day', last_check_result = null`)
    const name = `test: ${domain.host}`
    await admin.query(`select cron.schedule($1, '1 second', 'select private.request_domain_checks()')`, [
      name,
    ])
    try {
      await expect.poll(() => read(domain)).toMatchObject({ last_check_result: 'token_found' })
    } finally {
      await admin.query('select cron.unschedule($1)', [name])
    }
  })

  it('asks nobody when nothing is due, and says so', async () => {
    await rolledBack(admin, async (db) => {
      await db.query(`update public.tenant_domains set next_check_at = now() + interval '1 hour'`)
      expect((await db.query(job)).rows).toEqual([{ said: 'No domain is due.' }])
    })
  })

  it.each(['tenantry_functions_url', 'tenantry_service_key'])(
    'asks nobody when Vault does not have %s, and says so',
    async (name) => {
      await domains.addVerified()
      await rolledBack(admin, async (db) => {
        await db.query(
          `update public.tenant_domains set next_check_at = now() - interval '1 day' where status = 'verified'`,
        )
        await db.query('delete from vault.secrets where name = $1', [name])
        expect((await db.query(job)).rows).toEqual([
          { said: expect.stringMatching(/^Nothing was asked: Vault does not have .*tenantry_service_key/) },
        ])
        const queued = `select from net.http_request_queue where xmin::text = pg_current_xact_id()::text`
        expect((await db.query(queued)).rowCount).toBe(0)
      })
    },
  )

  it('is the only one who may wake the function: nobody does without a secret key', async () => {
    const owner = await makePerson()
    await makeTenant({ owner })
    for (const [credential, status] of [
      [{}, 401],
      [{ token: owner.token }, 403],
      [{ apikey: inject('stack').publishable_key }, 401],
    ] as const)
      expect((await call('/branding/domains/re-check', { method: 'POST', ...credential })).status).toBe(
        status,
      )
  })
})
