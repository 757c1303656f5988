import { FrameworkPath, Suggestion, SuggestionRequest, suggestChange } from '../../lib/assessments/index.ts'
import { askerOf, body, describeRoute, params, router } from '../../lib/http/index.ts'

/** What a model proposes for a framework. */
export const suggestions = router({ auth: 'member', permission: 'manage' }).post(
  '/:framework/config/suggest',
  describeRoute(
    'Have a model propose a change of your configuration',
    {
      200: {
        description: 'A change to look at, and to send on with PATCH. Nothing is stored.',
        schema: Suggestion,
      },
    },
    [
      'framework_not_found',
      'feature_not_in_plan',
      'llm_provider_missing',
      'llm_failed',
      'llm_busy',
      'suggestion_unusable',
      'spend_cap_reached',
      'insufficient_credits',
      'limit_reached',
    ],
  ),
  params(FrameworkPath),
  body(SuggestionRequest),
  async (c) => {
    const writer = askerOf(c)
    const { framework } = c.req.valid('param')
    return c.json(await suggestChange(c.var.db, writer, c.var.tenant.id, framework, c.req.valid('json')))
  },
)
