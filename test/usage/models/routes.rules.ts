import { manager, type RouteRules } from '../../kit/rules/routes.ts'

const path = '/usage/llm-provider'

export default {
  'GET /usage/llm-provider': {
    may: [manager],
  },
  'PUT /usage/llm-provider': {
    may: [manager],
    body: () => ({ provider_type: 'openai', default_model: 'gpt-4o-mini', api_key: 'sk-example' }),
  },
  // The tenant has none of its own: past the door is 404 not_found.
  'DELETE /usage/llm-provider': {
    may: [manager],
    gives: 404,
  },
  'POST /usage/llm-provider/test': {
    may: [manager],
    gives: 404,
    path: `${path}/test`,
  },
} satisfies RouteRules
