import { asOwner, type LimitTrick, refusal, untilRefused } from '../../kit/rules/limits.ts'

export default [
  {
    code: 'too_many_orders',
    trick: 'leave each one open',
    run: (given) =>
      asOwner(given, (db) =>
        untilRefused(30, () =>
          refusal(db, `select private.order_plan($1, 'stripe', 'starter')`, [given.tenant.id]),
        ),
      ),
  },
] satisfies LimitTrick[]
