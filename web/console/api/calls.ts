import { infiniteQueryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { inTenant, platform } from './client.ts'

export type LlmCall = Schemas['LlmCall']
export type ToolCall = Schemas['ToolCall']
export type ModelPrice = Schemas['ModelPrice']

interface CallFilters {
  status?: LlmCall['status']
  since?: string
  until?: string
}

/** Each call of a language model that is over, page by page, the newest first. */
export const llmCallsQuery = (slug: string, filters: CallFilters & { model?: string }) =>
  infiniteQueryOptions({
    queryKey: [slug, 'llm-calls', filters],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/usage/llm-calls', {
        params: { query: { limit: 50, ...filters, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** Each call of a tool, page by page, the newest first. */
export const toolCallsQuery = (slug: string, filters: CallFilters & { tool?: string }) =>
  infiniteQueryOptions({
    queryKey: [slug, 'tool-calls', filters],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/usage/tool-calls', {
        params: { query: { limit: 50, ...filters, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** What models and tools cost, also before and later, by when it was set. The same for every tenant. */
export const modelPricesQuery = (filters: { provider?: string; model?: string }) =>
  infiniteQueryOptions({
    queryKey: ['model-prices', filters],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await platform.GET('/usage/model-prices', {
        params: { query: { limit: 50, ...filters, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })
