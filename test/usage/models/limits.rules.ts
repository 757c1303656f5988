import { asService, type LimitTrick, refusal, untilRefused } from '../../kit/rules/limits.ts'

export default [
  {
    code: 'too_many_llm_tests',
    trick: 'remove the provider and set it again',
    run: (given) =>
      asService((db) =>
        untilRefused(20, async () => {
          await db.query(
            `select private.set_llm_provider($1, 'openai', 'https://api.openai.com/v1', 'gpt-4o-mini')`,
            [given.tenant.id],
          )
          const code = await refusal(db, `select private.begin_llm_provider_test($1)`, [given.tenant.id])
          await db.query('delete from public.llm_providers where tenant_id = $1', [given.tenant.id])
          return code
        }),
      ),
  },
] satisfies LimitTrick[]
