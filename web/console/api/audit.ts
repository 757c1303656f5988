import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { type AuditCheckpoint, linesOf, verifyExport } from '../../../lib/audit/chain.ts'
import type { Schemas } from '../../../lib/client/index.ts'
import { all } from './all.ts'
import { platform } from './client.ts'

export { type AuditCheckpoint, readCheckpoint } from '../../../lib/audit/chain.ts'

export type AuditEvent = Schemas['AuditEvent']
export type AuditVerdict = Schemas['AuditVerification']

export interface AuditFilters {
  action?: string
  actor?: string
  target?: string
  request_id?: string
  since?: string
  until?: string
  is_failure?: 'true' | 'false'
}

const logOf = (slug: string) => ({ path: { ref: slug } })

// Reading the log is a row of it. So it is not read again each time somebody comes back to the window.
const seldom = { refetchOnWindowFocus: false, staleTime: 60_000 } as const

/** The log page by page, the newest first. */
export const auditQuery = (slug: string, filters: AuditFilters) =>
  infiniteQueryOptions({
    queryKey: [slug, 'audit', filters],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await platform.GET('/registry/tenants/{ref}/audit', {
        params: { ...logOf(slug), query: { ...filters, limit: 50, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
    ...seldom,
  })

export const auditEventQuery = (slug: string, seq: string) =>
  queryOptions({
    queryKey: [slug, 'audit', 'event', seq],
    queryFn: async ({ signal }) => {
      const { data } = await platform.GET('/registry/tenants/{ref}/audit/{seq}', {
        params: { path: { ref: slug, seq } },
        signal,
      })
      return data
    },
    ...seldom,
  })

/** What can stand in a log. */
export const auditActionsQuery = queryOptions({
  queryKey: ['audit-actions'],
  queryFn: ({ signal }) =>
    all(platform.list('/registry/audit-actions', { params: { query: { limit: 100 } }, signal })),
  staleTime: Number.POSITIVE_INFINITY,
})

const exportOf = (slug: string, format: 'csv' | 'jsonl') => ({ ...logOf(slug), query: { format } })

/** The whole log as a file. */
export async function exportAudit(slug: string, format: 'csv' | 'jsonl'): Promise<Blob> {
  const { data } = await platform.GET('/registry/tenants/{ref}/audit/export', {
    params: exportOf(slug, format),
    parseAs: 'blob',
  })
  return data
}

interface CheckOptions {
  kept: AuditCheckpoint | undefined
  onProgress: (rowCount: number, of: number) => void
  signal: AbortSignal
}

/**
 * Reads the whole log and computes each hash of it here. Only what the rows cannot show is the server's word: whether the
 * end of the chain is where its head says.
 */
export async function checkAudit(
  slug: string,
  { kept, onProgress, signal }: CheckOptions,
): Promise<AuditVerdict> {
  const { data: told } = await platform.GET('/registry/tenants/{ref}/audit/verify', {
    params: logOf(slug),
    signal,
  })
  const { data: body } = await platform.GET('/registry/tenants/{ref}/audit/export', {
    params: exportOf(slug, 'jsonl'),
    parseAs: 'stream',
    signal,
  })
  if (!body) throw new Error('The export is empty.')
  const found = await verifyExport(linesOf(piecesOf(body)), {
    kept,
    onProgress: (rowCount) => onProgress(rowCount, Math.max(rowCount, told.checkpoint.seq)),
  })
  return found.is_intact ? { ...found, is_intact: told.is_intact, break: told.break } : found
}

/** Not every browser walks along a stream by itself. */
async function* piecesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    // The rest is not wanted when a break was found.
    void reader.cancel()
  }
}
