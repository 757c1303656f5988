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
  {
    code: 'too_many_sign_in_questions',
    trick: 'ask for another domain each time',
    run: () =>
      asService(async (db) => {
        await db.query(`select set_config('request.headers', '{"client-address": "192.0.2.97"}', true)`)
        await db.query(
          `insert into private.tenant_turns (tenant_id, what, period_at, turn_count)
           select private.platform_tenant_id(), private.turn_from_here('sign_in_options'), date_trunc('hour', now(), 'UTC'), 600
           on conflict (tenant_id, what) do update set turn_count = 600, period_at = excluded.period_at`,
        )
        await db.query('set local role anon')
        return refusal(db, 'select public.find_idp_for_email($1)', ['ada@another.example'])
      }),
  },
] satisfies LimitTrick[]
