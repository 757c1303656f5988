import { expect } from 'vitest'
import { makePerson } from '../../kit/people.ts'
import {
  asDatabase,
  asOwner,
  type Db,
  type LimitTrick,
  refusal,
  untilRefused,
} from '../../kit/rules/limits.ts'
import { freshSlug } from '../../kit/tenants.ts'

const create = (db: Db) => refusal(db, `select public.create_tenant($1, 'Another')`, [freshSlug()])
const mine = `select t.id from public.tenants as t where t.created_by = auth.uid()`

export default [
  {
    code: 'too_many_trials',
    trick: 'keep them',
    run: (given) => asOwner(given, (db) => untilRefused(10, () => create(db))),
  },
  {
    code: 'too_many_trials',
    trick: 'freeze each one',
    run: (given) =>
      asOwner(given, (db) =>
        untilRefused(10, async () => {
          const code = await create(db)
          await db.query(
            `select public.change_tenant_status(id, 'frozen') from (${mine} and t.status = 'trial') as t`,
          )
          return code
        }),
      ),
  },
  {
    code: 'too_many_trials',
    trick: 'archive each one',
    run: (given) =>
      asOwner(given, (db) =>
        untilRefused(10, async () => {
          const code = await create(db)
          await asDatabase(
            db,
            `update public.tenants set status = 'archived' where created_by = $1 and status = 'trial'`,
            [given.owner.id],
          )
          return code
        }),
      ),
  },
  {
    code: 'too_many_trials',
    trick: 'give each one away',
    run: async (given) => {
      const friend = await makePerson()
      return asOwner(given, (db) =>
        untilRefused(10, async () => {
          const code = await create(db)
          await asDatabase(
            db,
            `insert into public.tenant_members (tenant_id, user_id)
         select id, $2 from public.tenants where created_by = $1 on conflict do nothing`,
            [given.owner.id, friend.id],
          )
          await db.query(
            `select public.transfer_ownership(m.tenant_id, $1), public.leave_tenant(m.tenant_id) from public.tenant_members as m
         where m.user_id = auth.uid() and m.role = 'owner' and m.tenant_id in (${mine})`,
            [friend.id],
          )
          return code
        }),
      )
    },
  },
  {
    code: 'too_many_renames',
    trick: 'take an old slug back in between',
    run: (given) =>
      asOwner(given, async (db) => {
        const names = Array.from({ length: 7 }, () => freshSlug())
        const rename = (slug: string) =>
          refusal(db, 'select public.rename_tenant_slug($1, $2)', [given.tenant.id, slug])
        for (const slug of [...names.slice(0, 4), names[2]!, names[4]!])
          expect(await rename(slug)).toBeUndefined()
        return rename(names[5]!)
      }),
  },
] satisfies LimitTrick[]
