import { Hono } from 'hono'
import { body, describeRoute, params, query, router } from '../../lib/http/index.ts'
import {
  CallPath,
  finishLlmCall,
  LlmCall,
  LlmCallQuery,
  LlmCalls,
  LlmCompletion,
  listLlmCalls,
  listToolCalls,
  NewLlmCall,
  NewToolCall,
  recordToolCall,
  StartedLlmCall,
  startLlmCall,
  ToolCall,
  ToolCallQuery,
  ToolCalls,
} from '../../lib/usage/index.ts'

const mayRead = { auth: 'member', permission: 'read', service: true, key: 'calls:read' } as const
const mayWrite = { auth: 'member', permission: 'write', service: true, key: 'calls:write' } as const

const readLlmCalls = router(mayRead).get(
  '/',
  describeRoute('List completed calls of models, the newest first', {
    200: { description: 'A page of them.', schema: LlmCalls },
  }),
  query(LlmCallQuery),
  async (c) => c.json(await listLlmCalls(c.var.db, c.var.tenant.id, c.req.valid('query'))),
)

const writeLlmCalls = router(mayWrite)
  .post(
    '/',
    describeRoute(
      'Ask for a call of a model before it is made, and hold what it may cost',
      { 200: { description: 'It may be made. The same for a repeated key.', schema: StartedLlmCall } },
      ['spend_cap_reached', 'limit_reached', 'idempotency_conflict'],
    ),
    body(NewLlmCall),
    async (c) => c.json(await startLlmCall(c.var.db, c.var.tenant.id, c.req.valid('json'))),
  )
  .post(
    '/:call/completion',
    describeRoute(
      'Record what a started call took',
      { 200: { description: 'The call, also for a repeated request.', schema: LlmCall } },
      ['call_not_found', 'idempotency_conflict'],
    ),
    params(CallPath),
    body(LlmCompletion),
    async (c) =>
      c.json(await finishLlmCall(c.var.db, c.var.tenant.id, c.req.valid('param').call, c.req.valid('json'))),
  )

const readToolCalls = router(mayRead).get(
  '/',
  describeRoute('List calls of tools, the newest first', {
    200: { description: 'A page of them.', schema: ToolCalls },
  }),
  query(ToolCallQuery),
  async (c) => c.json(await listToolCalls(c.var.db, c.var.tenant.id, c.req.valid('query'))),
)

const writeToolCalls = router(mayWrite).post(
  '/',
  describeRoute(
    'Record a call of a tool that was made',
    { 200: { description: 'The call, also for a repeated key.', schema: ToolCall } },
    ['idempotency_conflict'],
  ),
  body(NewToolCall),
  async (c) => c.json(await recordToolCall(c.var.db, c.var.tenant.id, c.req.valid('json'))),
)

export const llmCalls = new Hono().route('/', readLlmCalls).route('/', writeLlmCalls)
export const toolCalls = new Hono().route('/', readToolCalls).route('/', writeToolCalls)
