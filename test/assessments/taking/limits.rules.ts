import { asService, type LimitTrick, refusal, untilRefused } from '../../kit/rules/limits.ts'

export default [
  {
    code: 'too_many_sessions',
    trick: 'remove each session',
    run: ({ tenant }) =>
      asService(async (db) => {
        await db.query(`select set_config('request.headers', '{"client-address": "192.0.2.98"}', true)`)
        const { rows } = await db.query<{ id: string }>(
          `insert into public.campaigns (tenant_id, name) values ($1, 'Limits') returning id`,
          [tenant.id],
        )
        const begin = async (n: number) => {
          const code = await refusal(
            db,
            `select private.begin_session($1, $2, sha256($3::text::bytea), 'likert')`,
            [tenant.id, rows[0]?.id, `limits ${n}`],
          )
          await db.query('delete from public.participant_sessions where tenant_id = $1', [tenant.id])
          return code
        }
        // As if 597 had been begun: each takes its time.
        await db.query(
          `insert into private.tenant_turns (tenant_id, what, period_at, turn_count)
           select $1, private.turn_from_here('session'), date_trunc('hour', now(), 'UTC'), 597`,
          [tenant.id],
        )
        return untilRefused(3, begin)
      }),
  },
] satisfies LimitTrick[]
