import { asService, type LimitTrick, refusal, untilRefused } from '../../kit/rules/limits.ts'

export default [
  {
    code: 'too_many_phone_codes',
    trick: 'confirm or remove the number, and ask for another one',
    run: (given) =>
      asService((db) => {
        let n = 0
        return untilRefused(5, async () => {
          await db.query(
            `insert into public.notification_providers (tenant_id, channel, provider, verified_at)
             values ($1, 'sms', 'twilio', now()) on conflict do nothing`,
            [given.tenant.id],
          )
          const code = await refusal(db, `select private.send_phone_code($1, $2, $3, 'sms')`, [
            ...[given.tenant.id, given.owner.id],
            `+44770090012${n++}`,
          ])
          await db.query('update private.phone_confirmations set expires_at = now() where user_id = $1', [
            given.owner.id,
          ])
          await db.query('update public.user_profiles set phone = null where user_id = $1', [given.owner.id])
          return code
        })
      }),
  },
] satisfies LimitTrick[]
