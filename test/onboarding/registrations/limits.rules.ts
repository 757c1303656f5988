import { asService, type LimitTrick, refusal, untilRefused } from '../../kit/rules/limits.ts'

export default [
  {
    code: 'too_many_registrations',
    trick: 'let each one end',
    run: () =>
      asService(async (db) => {
        await db.query(`select set_config('request.headers', '{"client-address": "192.0.2.99"}', true)`)
        return untilRefused(120, async (n) => {
          const code = await refusal(
            db,
            `select private.begin_registration(sha256($1::text::bytea), sha256('x'), '{}')`,
            [`limits ${n}`],
          )
          await db.query(
            'delete from private.registration_sessions where token_hash = sha256($1::text::bytea)',
            [`limits ${n}`],
          )
          return code
        })
      }),
  },
] satisfies LimitTrick[]
