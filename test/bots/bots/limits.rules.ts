import {
  asOwner,
  type Db,
  type Given,
  type LimitTrick,
  refusal,
  untilRefused,
} from '../../kit/rules/limits.ts'

const addBot = (db: Db, { tenant }: Given) =>
  refusal(db, `insert into public.bot_tenants (tenant_id, client_name) values ($1, 'Probe')`, [tenant.id])

export default [
  {
    code: 'limit_reached',
    trick: 'keep the bots',
    run: (given) => asOwner(given, (db) => untilRefused(5, () => addBot(db, given))),
  },
  {
    code: 'limit_reached',
    trick: 'take each bot off the air',
    run: (given) =>
      asOwner(given, (db) =>
        untilRefused(5, async () => {
          const code = await addBot(db, given)
          await db.query('update public.bot_tenants set is_active = false where tenant_id = $1', [
            given.tenant.id,
          ])
          return code
        }),
      ),
  },
] satisfies LimitTrick[]
