import { asService, type LimitTrick, refusal, untilRefused } from '../../kit/rules/limits.ts'

export default [
  {
    code: 'too_many_number_checks',
    trick: 'connect another bot to the number each time',
    run: ({ tenant }) =>
      asService((db) =>
        untilRefused(60, async () => {
          const { rows } = await db.query(
            `insert into public.bot_tenants (tenant_id, client_name) values ($1, 'Probe') returning id`,
            [tenant.id],
          )
          const bot = rows[0].id
          await db.query(`select private.set_bot_number($1, $2, '100001', '200001', 'token', 'secret')`, [
            tenant.id,
            bot,
          ])
          const code = await refusal(db, 'select private.begin_number_check($1, $2)', [tenant.id, bot])
          await db.query('delete from public.bot_tenants where tenant_id = $1 and id = $2', [tenant.id, bot])
          return code
        }),
      ),
  },
] satisfies LimitTrick[]
