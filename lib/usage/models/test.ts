import { type Asker, type Db, Problem, serviceFor, sql } from '../../db/index.ts'
import { askModel } from './ask.ts'
import { type Model, readLlmProvider } from './queries.ts'
import type { LlmProviderAnswer } from './schema.ts'

/**
 * Asks a tenant's own model for a word. If it answers, the provider is verified and used; if not, last_error says why. It is
 * a call like any other: 402 if it cannot be paid. 404 not_found; 409 conflict if the settings were changed meanwhile; 429
 * too_many_llm_tests.
 */
export async function testLlmProvider(db: Db, asker: Asker, tenantId: string): Promise<LlmProviderAnswer> {
  await db.query(sql`select private.require_permission(${tenantId}, 'manage')`)
  const service = serviceFor(asker.claims, asker.headers)
  const settings = await service.one<Omit<Model, 'owner_id' | 'is_own'>>(sql`
    select t.provider_type, t.base_url, t.default_model, t.revision, t.api_key
    from private.begin_llm_provider_test(${tenantId}) as t`)
  const model = { ...settings, owner_id: tenantId, is_own: true }
  const error = await askModel(service, tenantId, model, {
    agent: 'provider_test',
    system: 'You are tested. Answer with one word.',
    turns: [{ role: 'user', content: 'Answer with the word "ready".' }],
    max_output_tokens: 64,
    idempotency_key: `provider_test ${crypto.randomUUID()}`,
    timeoutMs: 20_000,
  }).then(() => null, reasonOf)
  await service.query(sql`
    select private.record_llm_provider_test(${tenantId}, ${settings.revision}, ${error})`)
  return readLlmProvider(db, asker, tenantId)
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof Problem && (thrown.code === 'llm_failed' || thrown.code === 'llm_busy'))
    return thrown.detail
  throw thrown
}
