import { beforeEach, describe, expect, it } from 'vitest'
import type { Domain } from '../../../lib/branding/domains/schema.ts'
import { problemOf } from '../../kit/call.ts'
import { serviceClient } from '../../kit/clients.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { domainsOf, record } from './world.ts'

let owner: Person
beforeEach(async () => {
  owner = await makePerson()
})

describe('the primary domain', () => {
  it('is the first that was verified, any other verified one when asked for, and never a pending one', async () => {
    const shared = await makeTenant({ owner })
    const theirs = domainsOf(owner, shared)
    const [first, second, pending] = [
      await theirs.addVerified(),
      await theirs.addVerified(),
      await theirs.add(),
    ]
    expect([first.is_primary, second.is_primary]).toEqual([true, false])
    expect(await theirs.makePrimary(second)).toMatchObject({ is_primary: true })
    expect(await theirs.makePrimary(second)).toMatchObject({ is_primary: true })
    expect(await theirs.find(first)).toMatchObject({ is_primary: false, status: 'verified' })
    expect(await problemOf(await theirs.tryToMakePrimary(pending))).toMatchObject({
      status: 409,
      code: 'domain_not_verified',
    })
    // Removed, it is followed by the one that was verified first.
    const third = await theirs.addVerified()
    await theirs.tryToRemove(second)
    expect((await theirs.list()).filter((domain) => domain.is_primary)).toMatchObject([{ host: first.host }])
    await theirs.tryToRemove(first)
    expect(await theirs.find(third)).toMatchObject({ is_primary: true })
    await theirs.tryToRemove(third)
    expect(await theirs.list()).toMatchObject([{ host: pending.host, is_primary: false }])
  })

  it('is exactly one while many change it, remove it and verify others', async () => {
    const shared = await makeTenant({ owner })
    const theirs = domainsOf(owner, shared)
    const verified = [await theirs.addVerified(), await theirs.addVerified(), await theirs.addVerified()]
    const late = await theirs.add()
    await record(late.host, { txt: [late.record.value] })
    const answers = await Promise.all([
      ...Array.from({ length: 15 }, (_, i) => theirs.tryToMakePrimary(verified[i % 3] as Domain)),
      theirs.tryToRemove(verified[0] as Domain),
      theirs.tryToVerify(late),
    ])
    expect(answers.filter(({ status }) => ![200, 204, 404].includes(status))).toEqual([])
    const after = await theirs.list()
    expect(after.map(({ status }) => status)).toEqual(['verified', 'verified', 'verified'])
    expect(after.filter((domain) => domain.is_primary)).toHaveLength(1)
  })

  it('is set over rpc as well, by the service for a tenant it names', async () => {
    const theirs = domainsOf(owner, await makeTenant({ owner }))
    await theirs.addVerified()
    const { rows } = await admin.query<{ tenant_id: string; id: string }>(
      'select tenant_id, id from public.tenant_domains where ref_id = $1',
      [(await theirs.addVerified()).ref_id],
    )
    const given = { tenant_id: rows[0]?.tenant_id, domain_id: rows[0]?.id }
    const set = await serviceClient().rpc('set_primary_domain', given)
    expect(set.error).toBeNull()
    expect(set.data).toMatchObject({ is_primary: true })
    expect((await serviceClient().rpc('remove_domain', given)).error).toBeNull()
    expect(await theirs.list()).toMatchObject([{ is_primary: true }])
  })
})
