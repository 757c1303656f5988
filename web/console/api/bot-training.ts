import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { inTenant } from './client.ts'

export type TrainingRow = Schemas['BotTrainingRow']
export type NewTrainingRow = Schemas['NewBotTrainingRow']
export type TrainingChange = Schemas['BotTrainingChange']
export type TrainingImport = Schemas['BotTrainingImport']

export interface TrainingFilters {
  search?: string
  category?: string
  is_active?: 'true' | 'false'
  has_answer?: 'true' | 'false'
}

/** Those that wait for an answer. */
export const drafts: TrainingFilters = { has_answer: 'false' }

/** The training data of a bot page by page, the newest first. */
export const trainingQuery = (slug: string, bot: string, filters: TrainingFilters) =>
  infiniteQueryOptions({
    queryKey: [slug, 'bots', bot, 'training', filters],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/bots/bots/{bot}/training-data', {
        params: { path: { bot }, query: { limit: 50, ...filters, ...(cursor && { cursor }) } },
        signal,
      })
      return data as Exclude<typeof data, string>
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** All that the filters leave, as a CSV file. */
export async function trainingFile(slug: string, bot: string, filters: TrainingFilters): Promise<Blob> {
  const { data } = await inTenant(slug).GET('/bots/bots/{bot}/training-data', {
    params: { path: { bot }, query: { ...filters, format: 'csv' } },
    parseAs: 'blob',
  })
  return data as unknown as Blob
}

/** All rows of a file, or none. Throws the problem invalid_value (422), which names lines and columns. */
export async function importTraining(slug: string, bot: string, file: File): Promise<TrainingImport> {
  // The client's types know a file as its text; sent as it is. Some systems take a CSV file for a spreadsheet.
  const init = {
    params: { path: { bot } },
    body: file as unknown as string,
    bodySerializer: () => file,
    headers: { 'content-type': 'text/csv' },
  }
  const { data } = await inTenant(slug).POST('/bots/bots/{bot}/training-data/import', init)
  return data
}

const rowOf = (bot: string, row: string) => ({ path: { bot, row } })

export const trainingRowQuery = (slug: string, bot: string, row: string) =>
  queryOptions({
    queryKey: [slug, 'bots', bot, 'training', row],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/bots/bots/{bot}/training-data/{row}', {
        params: rowOf(bot, row),
        signal,
      })
      return data
    },
  })

export async function addTrainingRow(slug: string, bot: string, body: NewTrainingRow): Promise<TrainingRow> {
  const { data } = await inTenant(slug).POST('/bots/bots/{bot}/training-data', {
    params: { path: { bot } },
    body,
  })
  return data
}

export async function changeTrainingRow(
  slug: string,
  bot: string,
  row: string,
  body: TrainingChange,
): Promise<TrainingRow> {
  const { data } = await inTenant(slug).PATCH('/bots/bots/{bot}/training-data/{row}', {
    params: rowOf(bot, row),
    body,
  })
  return data
}

export async function deleteTrainingRow(slug: string, bot: string, row: string): Promise<void> {
  await inTenant(slug).DELETE('/bots/bots/{bot}/training-data/{row}', { params: rowOf(bot, row) })
}
