import { expect } from 'vitest'
import { asService, type LimitTrick, refusal, untilRefused } from '../../kit/rules/limits.ts'

export default [
  {
    code: 'idp_just_checked',
    trick: 'check it twice in five seconds',
    run: (given) =>
      asService(async (db) => {
        await db.query(`insert into public.tenant_idp_config (tenant_id, type) values ($1, 'oidc')`, [
          given.tenant.id,
        ])
        const check = () => refusal(db, `select private.begin_idp_check($1, 'oidc')`, [given.tenant.id])
        expect(await check()).toBeUndefined()
        return check()
      }),
  },
  {
    code: 'too_many_idp_checks',
    trick: 'remove the provider and set it again',
    run: (given) =>
      asService((db) =>
        untilRefused(24, async () => {
          await db.query(`insert into public.tenant_idp_config (tenant_id, type) values ($1, 'oidc')`, [
            given.tenant.id,
          ])
          const code = await refusal(db, `select private.begin_idp_check($1, 'oidc')`, [given.tenant.id])
          await db.query('delete from public.tenant_idp_config where tenant_id = $1', [given.tenant.id])
          return code
        }),
      ),
  },
] satisfies LimitTrick[]
