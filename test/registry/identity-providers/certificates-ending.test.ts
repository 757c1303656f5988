import { expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { revisionOf, type World } from './world.ts'

async function makeCompany(): Promise<World> {
  const owner = await makePerson()
  const tenant = await makeTenant({ owner, member: await makePerson() })
  await admin.query(
    `insert into public.tenant_idp_config (tenant_id, type, metadata, verified, verified_at, last_checked_at)
     values ($1, 'saml', '{"metadata_url": "https://idp.example/metadata"}', true, now(), now())`,
    [tenant.id],
  )
  return { owner, tenant }
}

/** Whole seconds, as in a certificate. */
const endIn = ({ tenant }: World, left: string) =>
  admin.query(
    `update public.tenant_idp_config set keys_expire_at = date_trunc('second', now() + $2::interval) where tenant_id = $1`,
    [tenant.id, left],
  )
const tell = async () => {
  await admin.query('select private.tell_of_ending_certificates(batch => 10000)')
}
/** How many people were told, by the type. */
const told = async ({ tenant }: World) => {
  const { rows } = await admin.query<{ ending: number; ended: number }>(
    `select count(*) filter (where type = 'idp.certificate_ending')::int as ending,
       count(*) filter (where type = 'idp.certificate_ended')::int as ended
     from public.notifications where tenant_id = $1`,
    [tenant.id],
  )
  return [rows[0]!.ending, rows[0]!.ended]
}

/** As time passes: the end stays the same moment, and what was told of it was told of this one. */
const wait = ({ tenant }: World, left: string) =>
  admin.query(
    `update public.tenant_idp_config set keys_expire_at = now() + $2::interval,
       certificate_told_ends_at = case when certificate_told_ends_at is not null then now() + $2::interval end where tenant_id = $1`,
    [tenant.id, left],
  )

it('a certificate is told of 30, 14, 7 and 1 days before its end and once it has ended, to managers, once each', async () => {
  const company = await makeCompany()
  const counts: (number[] | undefined)[] = []
  for (const left of [
    '31 days',
    '29 days',
    '15 days',
    '13 days',
    '8 days',
    '6 days',
    '2 days',
    '20 hours',
    '-1 hours',
    '-9 days',
  ]) {
    await wait(company, left)
    await tell()
    await tell()
    counts.push(await told(company))
  }
  expect(counts).toEqual([
    [0, 0],
    [1, 0],
    [1, 0],
    [2, 0],
    [2, 0],
    [3, 0],
    [3, 0],
    [4, 0],
    [4, 1],
    [4, 1],
  ])
})

it('a certificate that is late known to end is told of once, and another one anew', async () => {
  const company = await makeCompany()
  await endIn(company, '20 hours')
  await tell()
  expect(await told(company)).toEqual([1, 0])
  await endIn(company, '400 days')
  await tell()
  expect(await told(company)).toEqual([1, 0])
  await endIn(company, '25 days')
  await tell()
  expect(await told(company)).toEqual([2, 0])
})

it('an end that a check finds first is told of all the same, and not again for the same certificate', async () => {
  const company = await makeCompany()
  await endIn(company, '-1 minutes')
  const { rows } = await admin.query<{ ended: Date }>(
    'select keys_expire_at as ended from public.tenant_idp_config where tenant_id = $1',
    [company.tenant.id],
  )
  const revision = await revisionOf(company)
  const record = (outcome: string, end: Date | null) =>
    admin.query(`select private.record_idp_check($1, 'saml', $2, $3, null, '{}', $4)`, [
      ...[company.tenant.id, revision, outcome, end],
    ])
  await record('bad', null)
  expect(await told(company)).toEqual([0, 1])
  await record('good', rows[0]!.ended)
  await tell()
  expect(await told(company)).toEqual([0, 1])
})
