import { randomBytes } from 'node:crypto'
import { asOwner, type LimitTrick, refusal, untilRefused } from '../../kit/rules/limits.ts'

export default [
  {
    code: 'invited_too_soon',
    trick: 'remove the participant',
    run: (given) =>
      asOwner(given, async (db) => {
        const { rows } = await db.query<{ id: string }>(
          `insert into public.campaigns (tenant_id, name) values ($1, 'Limits') returning id`,
          [given.tenant.id],
        )
        return untilRefused(1, async () => {
          const code = await refusal(
            db,
            `select private.invite_participants($1, $2, 'likert', 'en', '{ada@example.com}', '{null}', '{null}', array[$3])`,
            [given.tenant.id, rows[0]?.id, randomBytes(32).toString('base64url')],
          )
          await db.query('delete from public.participant_sessions where tenant_id = $1', [given.tenant.id])
          return code
        })
      }),
  },
] satisfies LimitTrick[]
