import { admin } from '../../kit/db.ts'
import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'
import { finish, recordTool, start } from './scene.ts'

export default {
  'GET /usage/llm-calls': {
    noun: 'llm_calls',
    ...newestFirst,
    async fill({ tenant }) {
      for (let n = 0; n < 3; n++)
        await finish(tenant.id, (await start(tenant.id, { provider: 'openai', name: 'gpt-4o' })).id)
    },
  },
  'GET /usage/tool-calls': {
    noun: 'tool_calls',
    ...newestFirst,
    async fill({ tenant }) {
      for (let n = 0; n < 3; n++) await recordTool(tenant.id)
    },
  },
  'GET /usage/model-prices': {
    noun: 'model_prices',
    ...newestFirst,
    // There are some from the beginning.
    fill: () => admin.query('select'),
  },
  'GET /usage/spend': { isNoList: 'the month, with the models that cost most in it' },
} satisfies ListRules
