import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import {
  asOwner,
  type Db,
  type Given,
  type LimitTrick,
  refusal,
  untilRefused,
} from '../../kit/rules/limits.ts'

const host = () => `${randomBytes(6).toString('hex')}.example.com`
const addDomain = (db: Db, { tenant }: Given) =>
  refusal(db, 'select private.add_domain($1, $2)', [tenant.id, host()])
const removeDomains = (db: Db, { tenant }: Given) =>
  db.query(`select public.remove_domain(tenant_id, id) from public.tenant_domains where tenant_id = $1`, [
    tenant.id,
  ])

export default [
  {
    code: 'limit_reached',
    trick: 'keep the domains',
    run: (given) => asOwner(given, (db) => untilRefused(10, () => addDomain(db, given))),
  },
  {
    code: 'too_many_domains',
    trick: 'remove each one',
    run: (given) =>
      asOwner(given, (db) =>
        untilRefused(100, async () => {
          const code = await addDomain(db, given)
          await removeDomains(db, given)
          return code
        }),
      ),
  },
  {
    code: 'domain_just_checked',
    trick: 'remove the domain and add it again',
    run: (given) =>
      asOwner(given, (db) =>
        untilRefused(60, async () => {
          expect(await addDomain(db, given)).toBeUndefined()
          const { rows } = await db.query(
            `select c.wait_seconds from public.tenant_domains as d, private.start_domain_check(d.tenant_id, d.ref_id) as c
         where d.tenant_id = $1`,
            [given.tenant.id],
          )
          await removeDomains(db, given)
          // The route turns a wait into this code.
          return rows[0].wait_seconds > 0 ? 'domain_just_checked' : undefined
        }),
      ),
  },
] satisfies LimitTrick[]
