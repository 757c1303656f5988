import { asOwner, type LimitTrick, refusal, untilRefused } from '../../kit/rules/limits.ts'

export default [
  {
    code: 'too_many_uploads',
    trick: 'begin an upload of a client document and remove it again',
    run: (given) =>
      asOwner(given, async (db) => {
        const { id } = given.tenant
        const { rows } = await db.query<{ ref_id: string }>(
          'insert into public.participant_sessions (tenant_id) values ($1) returning ref_id',
          [id],
        )
        return untilRefused(60, async () => {
          const code = await refusal(
            db,
            `select private.await_client_document($1, $2, 'notes.txt', 'text/plain', 5)`,
            [id, rows[0]?.ref_id],
          )
          await db.query(
            `select private.remove_client_document(d.tenant_id, $2, d.ref_id) from public.client_documents as d where d.tenant_id = $1`,
            [id, rows[0]?.ref_id],
          )
          return code
        })
      }),
  },
] satisfies LimitTrick[]
