import { admin } from '../../kit/db.ts'
import {
  keyWith,
  manager,
  member,
  owner,
  person,
  type RouteRules,
  reader,
  service,
} from '../../kit/rules/routes.ts'
import type { Tenant } from '../../kit/tenants.ts'
import { freshKey, start } from './scene.ts'

const mayRead = [reader, service, keyWith('calls:read')]
const mayWrite = [member, service, keyWith('calls:write')]

async function openCall({ id }: Tenant): Promise<string> {
  const hold = await start(id, { provider: 'openai', name: 'gpt-4o' })
  const { rows } = await admin.query<{ ref_id: string }>('select private.ulid($1) as ref_id', [hold.id])
  return rows[0]!.ref_id
}

export default {
  'GET /usage/llm-calls': { may: mayRead },
  'POST /usage/llm-calls': {
    noScreen: 'programs call it',
    unaudited: 'a started call is a record itself, and names who started it',
    may: mayWrite,
    body: () => ({
      ...{ provider: 'openai', model: 'gpt-4o', max_input_tokens: 10, max_output_tokens: 10 },
      idempotency_key: freshKey(),
    }),
  },
  'POST /usage/llm-calls/:call/completion': {
    noScreen: 'programs call it',
    unaudited: 'calls are records themselves',
    may: mayWrite,
    where: { call: openCall },
    body: () => ({ status: 'ok', input_tokens: 1, output_tokens: 1 }),
  },
  'GET /usage/tool-calls': { may: mayRead },
  'POST /usage/tool-calls': {
    noScreen: 'programs call it',
    unaudited: 'calls are records themselves',
    may: mayWrite,
    body: () => ({ tool: 'search', method: 'find', status: 'ok', idempotency_key: freshKey() }),
  },
  'GET /usage/spend': { may: [manager, service, keyWith('spend:read')] },
  'PUT /usage/spend/cap': { may: [owner], body: () => ({ cap_micros: 50_000_000 }) },
  'GET /usage/model-prices': { may: [person] },
  'POST /usage/model-prices': {
    may: [service],
    body: () => ({ provider: 'test', model: freshKey(), input_micros: 1 }),
  },
} satisfies RouteRules
