import { queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { inTenant } from './client.ts'

export type LlmProvider = Schemas['LlmProvider']
export type LlmProviderSettings = Schemas['LlmProviderSettings']

/** One's own language model, without its key, and whose is in use. */
export const llmProviderQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'llm-provider'],
    queryFn: async ({ signal }) => (await inTenant(slug).GET('/usage/llm-provider', { signal })).data,
    // What is being typed stays.
    refetchOnWindowFocus: false,
  })

export async function saveLlmProvider(slug: string, body: LlmProviderSettings): Promise<void> {
  await inTenant(slug).PUT('/usage/llm-provider', { body })
}

/** Asks it for a word. If that fails, the settings say why. */
export async function testLlmProvider(slug: string): Promise<void> {
  await inTenant(slug).POST('/usage/llm-provider/test', {})
}

export async function removeLlmProvider(slug: string): Promise<void> {
  await inTenant(slug).DELETE('/usage/llm-provider', {})
}
