import { type Asker, type Db, Problem, serviceFor, sql } from '../../db/index.ts'
import { NetFault, parsePublicUrl } from '../../net/index.ts'
import type { LlmProvider, LlmProviderAnswer, LlmProviderSettings, ProviderType } from './schema.ts'

/** A language model that can be asked. */
export interface Model {
  /** The tenant whose key is used: the one for whom it is asked, or the platform. */
  owner_id: string
  is_own: boolean
  provider_type: ProviderType
  base_url: string
  default_model: string
  revision: string
  api_key: string | null
}

/** The tenant's own provider, and whose model writes now. */
export async function readLlmProvider(db: Db, asker: Asker, tenantId: string): Promise<LlmProviderAnswer> {
  const [provider] = await db.query<LlmProvider>(sql`
    select p.provider_type, p.base_url, p.default_model, p.api_key_secret_id is not null as has_api_key, p.is_active, p.verified_at,
      p.last_error, p.created_at, p.updated_at
    from public.llm_providers as p where p.tenant_id = ${tenantId}`)
  // Nobody but the service sees whether the platform has one.
  const [found] = await serviceFor(asker.claims, asker.headers).query<{ is_own: boolean }>(sql`
    select f.is_own from private.find_llm_provider(${tenantId}) as f`)
  return { llm_provider: provider ?? null, in_use: !found ? 'none' : found.is_own ? 'own' : 'platform' }
}

/** Stores the settings. They are used once a test went well. 422 invalid_value. */
export async function setLlmProvider(
  db: Db,
  asker: Asker,
  tenantId: string,
  { provider_type, base_url, default_model, api_key, is_active }: LlmProviderSettings,
): Promise<LlmProviderAnswer> {
  requirePublic(base_url)
  await db.query(sql`select private.require_permission(${tenantId}, 'manage')`)
  await serviceFor(asker.claims, asker.headers).query(sql`
    select private.set_llm_provider(${tenantId}, ${provider_type}::public.llm_provider_type, ${base_url}, ${default_model},
      ${api_key}, ${is_active})`)
  return readLlmProvider(db, asker, tenantId)
}

/** Deletes the settings and the key: the model of the platform is asked. 404 not_found. */
export async function removeLlmProvider(db: Db, tenantId: string): Promise<void> {
  const removed = await db.query(sql`
    delete from public.llm_providers as p where p.tenant_id = ${tenantId} returning 1`)
  if (removed.length === 0) throw new Problem('not_found', 'This tenant has no LLM provider of its own.')
}

/** The model that writes for a tenant now. 409 llm_provider_missing. */
export async function findModel(service: Db, tenantId: string): Promise<Model> {
  const [model] = await service.query<Model>(sql`
    select f.owner_id, f.is_own, f.provider_type, f.base_url, f.default_model, f.revision, f.api_key
    from private.find_llm_provider(${tenantId}) as f`)
  if (model) return model
  throw new Problem(
    'llm_provider_missing',
    'No language model is set up, so this is off. A manager can set one: PUT /usage/llm-provider.',
  )
}

/** Refuses a base_url by what can be seen without the network. Where a name leads is checked at each request. 422 invalid_value. */
export function requirePublic(baseUrl: string): void {
  try {
    parsePublicUrl(baseUrl)
  } catch (thrown) {
    if (!(thrown instanceof NetFault)) throw thrown
    throw new Problem('invalid_value', 'This address is not one that is asked.', {
      errors: [{ pointer: '/base_url', detail: thrown.message }],
    })
  }
}
