import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { Problem, type Schemas } from '../../../lib/client/index.ts'
import { all } from './all.ts'
import { inTenant, patientlyIn } from './client.ts'
import { type Column, type Columns, type Config, columns, type Draft } from './framework-parts.ts'

/** The assessments that the product knows. */
export const frameworksQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'frameworks'],
    queryFn: ({ signal }) => all(inTenant(slug).list('/assessments/frameworks', { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  })

const of = (framework: string) => ({ path: { framework } })

/** An assessment as it is in this tenant: what its questions and results are called. */
export const resolvedQuery = (slug: string, framework: string) =>
  queryOptions({
    queryKey: [slug, 'frameworks', framework, 'resolved'],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/assessments/frameworks/{framework}/config/resolved', {
        params: of(framework),
        signal,
      })
      return data.config
    },
    staleTime: 60_000,
  })

/** What is published of an assessment, and the draft that waits. */
export interface Read {
  version: number
  /** What the tenant has changed, by column. */
  columns: Columns
  published: Config
  draft: Draft | null
  /** As it is with the draft. */
  drafted: Config
  /** Of the draft, for If-Match. */
  etag: string
}

const noDraft = (error: unknown) => {
  if (error instanceof Problem && error.code === 'draft_not_found') return null
  throw error
}

export const draftQuery = (slug: string, framework: string) =>
  queryOptions({
    queryKey: [slug, 'frameworks', framework, 'draft'],
    queryFn: async ({ signal }) => {
      const asked = inTenant(slug).GET('/assessments/frameworks/{framework}/config/draft', {
        params: of(framework),
        signal,
      })
      return asked.then(({ data }) => data, noDraft)
    },
  })

/** Null if somebody published or changed it between the answers. */
async function readOnce(slug: string, framework: string, signal: AbortSignal): Promise<Read | null> {
  const client = inTenant(slug)
  const init = { params: of(framework), signal }
  // The draft first: whoever saves what is newer than this is told so.
  const draft = await client
    .GET('/assessments/frameworks/{framework}/config/draft', init)
    .then(({ data }) => data, noDraft)
  const [config, published, drafted] = await Promise.all([
    client.GET('/assessments/frameworks/{framework}/config', init),
    client.GET('/assessments/frameworks/{framework}/config/resolved', init),
    draft && client.GET('/assessments/frameworks/{framework}/config/draft/resolved', init).catch(noDraft),
  ])
  const { version } = config.data
  if (published.data.version !== version) return null
  if (draft && (draft.version !== version || drafted?.data.version !== version)) return null
  return {
    version,
    columns: Object.fromEntries(columns.map((column) => [column, config.data[column]])) as Columns,
    published: published.data.config,
    draft,
    drafted: drafted?.data.config ?? published.data.config,
    etag: `"${draft?.revision ?? 0}"`,
  }
}

export const readQuery = (slug: string, framework: string) =>
  queryOptions({
    queryKey: [slug, 'frameworks', framework, 'read'],
    queryFn: async ({ signal }): Promise<Read> => {
      for (let left = 5; left > 0; left--) {
        const read = await readOnce(slug, framework, signal)
        if (read) return read
      }
      throw new Error('It is published faster than it can be read.')
    },
    // The editor compares with what it has read. Somebody else's change is told when it is saved.
    refetchOnWindowFocus: false,
    refetchOnMount: 'always',
    staleTime: Number.POSITIVE_INFINITY,
  })

export type DraftChange = Schemas['ConfigDraftChange']

/** Makes the draft, or replaces it. Throws the problem draft_changed (412) if `etag` is not the draft any more. */
export async function saveDraft(
  slug: string,
  framework: string,
  body: DraftChange,
  etag: string,
): Promise<void> {
  await inTenant(slug).PUT('/assessments/frameworks/{framework}/config/draft', {
    params: { ...of(framework), header: { 'if-match': etag } },
    body,
  })
}

export async function discardDraft(slug: string, framework: string, etag: string): Promise<void> {
  await inTenant(slug).DELETE('/assessments/frameworks/{framework}/config/draft', {
    params: { ...of(framework), header: { 'if-match': etag } },
  })
}

export async function publishDraft(slug: string, framework: string, etag: string): Promise<void> {
  await inTenant(slug).POST('/assessments/frameworks/{framework}/config/draft/publish', {
    params: { ...of(framework), header: { 'if-match': etag } },
  })
}

export async function scheduleDraft(
  slug: string,
  framework: string,
  publish_at: string,
  etag: string,
): Promise<void> {
  await inTenant(slug).POST('/assessments/frameworks/{framework}/config/draft/schedule', {
    params: { ...of(framework), header: { 'if-match': etag } },
    body: { publish_at },
  })
}

/** What is published at a moment, and what could not be. There are twenty at most. */
export const scheduledQuery = (slug: string, framework: string) =>
  queryOptions({
    queryKey: [slug, 'frameworks', framework, 'scheduled'],
    queryFn: ({ signal }) =>
      all(
        inTenant(slug).list('/assessments/frameworks/{framework}/config/scheduled', {
          params: of(framework),
          signal,
        }),
      ),
  })

export async function cancelScheduled(slug: string, framework: string, scheduled: string): Promise<void> {
  await inTenant(slug).DELETE('/assessments/frameworks/{framework}/config/scheduled/{scheduled}', {
    params: { path: { framework, scheduled } },
  })
}

/** The versions that are kept, page by page, the newest first. */
export const versionsQuery = (slug: string, framework: string) =>
  infiniteQueryOptions({
    queryKey: [slug, 'frameworks', framework, 'versions'],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/assessments/frameworks/{framework}/config/versions', {
        params: { ...of(framework), query: { limit: 20, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** A version that is kept. Null for version 0, in which the tenant has changed nothing. */
export const versionQuery = (slug: string, framework: string, version: number) =>
  queryOptions({
    queryKey: [slug, 'frameworks', framework, 'versions', version],
    queryFn: async ({ signal }) => {
      if (version === 0) return null
      const { data } = await inTenant(slug).GET(
        '/assessments/frameworks/{framework}/config/versions/{version}',
        { params: { path: { framework, version: String(version) } }, signal },
      )
      return data
    },
    staleTime: Number.POSITIVE_INFINITY,
  })

/** What leads from what is published to another version. */
export const wayBackQuery = (slug: string, framework: string, from: number, to: number) =>
  queryOptions({
    queryKey: [slug, 'frameworks', framework, 'versions', from, 'to', to],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET(
        '/assessments/frameworks/{framework}/config/versions/{version}/diff',
        { params: { path: { framework, version: String(from) }, query: { to } }, signal },
      )
      return data.diff
    },
  })

/** Brings a version back, as the next one. `from` is what is published now. */
export async function restoreVersion(
  slug: string,
  framework: string,
  from: number,
  body: Schemas['Restoration'],
): Promise<void> {
  await inTenant(slug).POST('/assessments/frameworks/{framework}/config/restore', {
    params: { ...of(framework), header: { 'if-match': `"${from}"` } },
    body,
  })
}

export type Tried = Schemas['ScoringPreviewRequest']

/** What answers would say, as it is published or with the draft. Nothing is kept. */
export async function tryAnswers(slug: string, framework: string, of: 'draft' | 'published', body: Tried) {
  const client = inTenant(slug)
  const init = { params: { path: { framework } }, body }
  const { data } =
    of === 'draft'
      ? await client.POST('/assessments/frameworks/{framework}/config/draft/preview', init)
      : await client.POST('/assessments/frameworks/{framework}/config/preview', init)
  return data
}

/** A column as the tenant's language model would have it. */
export async function suggestChange(slug: string, framework: string, column: Column, instructions: string) {
  const { data } = await patientlyIn(slug).POST('/assessments/frameworks/{framework}/config/suggest', {
    params: of(framework),
    body: { column, instructions },
  })
  return data
}
