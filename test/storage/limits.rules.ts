import { asOwner, type LimitTrick, refusal, untilRefused } from '../kit/rules/limits.ts'

export default [
  {
    code: 'too_many_uploads',
    trick: 'take away each picture, so that no row knows its file',
    run: (given) =>
      asOwner(given, (db) =>
        untilRefused(60, async () => {
          const code = await refusal(db, 'select private.require_upload_turn($1)', [given.tenant.id])
          await db.query("update public.tenant_brands set brand = '{}' where tenant_id = $1", [
            given.tenant.id,
          ])
          return code
        }),
      ),
  },
] satisfies LimitTrick[]
