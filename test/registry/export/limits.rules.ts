import { asDatabase, asOwner, type LimitTrick, refusal, untilRefused } from '../../kit/rules/limits.ts'

export default [
  {
    code: 'too_many_export_links',
    trick: 'open each one',
    run: (given) =>
      asOwner(given, (db) =>
        untilRefused(20, async () => {
          const issue = `select private.issue_export_link($1, sha256('probe'))`
          const code = await refusal(db, issue, [given.tenant.id])
          await asDatabase(db, `select private.redeem_export_link($1, sha256('probe'))`, [given.tenant.id])
          return code
        }),
      ),
  },
] satisfies LimitTrick[]
