import { asService, type LimitTrick, refusal, untilRefused } from '../../kit/rules/limits.ts'

export default [
  {
    code: 'too_many_provider_tests',
    trick: 'remove the provider and set it again',
    run: (given) =>
      asService((db) =>
        untilRefused(20, async () => {
          await db.query(
            `insert into public.notification_providers (tenant_id, channel, provider) values ($1, 'email', 'smtp')`,
            [given.tenant.id],
          )
          const code = await refusal(db, `select private.begin_provider_test($1, 'email')`, [given.tenant.id])
          await db.query('delete from public.notification_providers where tenant_id = $1', [given.tenant.id])
          return code
        }),
      ),
  },
] satisfies LimitTrick[]
