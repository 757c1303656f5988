import { beforeAll, describe, expect, it } from 'vitest'
import { admin, asUser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let member: Person
let tenant: Tenant
beforeAll(async () => {
  ;[owner, member] = (await Promise.all([makePerson(), makePerson()])) as [Person, Person]
  tenant = await makeTenant({ owner, member })
})

describe('the title of a person', () => {
  const entitle = (title: string | null) =>
    asUser(member.id, (db) =>
      db.query('update public.user_profiles set title = $2 where user_id = $1', [member.id, title]),
    )

  it.each(['Mr.', 'Mrs.', 'Ms.', 'Dr.', 'Prof.', null])('can be %s', async (title) => {
    expect((await entitle(title)).rowCount).toBe(1)
  })

  it.each(['King', 'mr.', 'Dr', '', 'Prof. Dr.'])('cannot be %j', async (title) => {
    await expect(entitle(title)).rejects.toMatchObject({ constraint: 'title_is_one_of_five' })
  })
})

describe('the front ends that a page offers to a person', () => {
  const offer = (by: Person, access: string[]) =>
    asUser(by.id, (db) =>
      db.query('update public.tenant_members set app_access = $3 where tenant_id = $1 and user_id = $2', [
        tenant.id,
        member.id,
        access,
      ]),
    )

  it('are the dashboard at first', async () => {
    const { rows } = await admin.query(
      'select app_access from public.tenant_members where tenant_id = $1 and user_id = $2',
      [tenant.id, member.id],
    )
    expect(rows).toEqual([{ app_access: ['dashboard'] }])
  })

  it.each([[[]], [['dm-portal']], [['dashboard', 'dm-portal']]])(
    'are set by a manager: %j',
    async (access) => {
      expect((await offer(owner, access)).rowCount).toBe(1)
    },
  )

  it('are not set by the person', async () => {
    expect((await offer(member, ['dm-portal'])).rowCount).toBe(0)
  })

  it.each([
    [['games'], 'app_access_is_known'],
    [['dashboard', 'dashboard', 'dashboard', 'dashboard'], 'app_access_is_known'],
    [['manage'], 'only_the_platform_manages'],
  ])('are not %j', async (access, constraint) => {
    await expect(offer(owner, access)).rejects.toMatchObject({ constraint })
  })

  it('is also "manage" for the people of the platform', async () => {
    await asUser(owner.id, async (db) => {
      await db.query('reset role')
      const { rowCount } = await db.query(
        `insert into public.tenant_members (tenant_id, user_id, role, app_access) values (private.platform_tenant_id(), $1, 'member', '{manage}')`,
        [owner.id],
      )
      expect(rowCount).toBe(1)
    })
  })
})
