import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { Problem, type Schemas } from '../../../lib/client/index.ts'
import { all } from './all.ts'
import { inTenant, platform } from './client.ts'
import { project } from './project.ts'

export type Participant = Schemas['ParticipantDetails']
export type ClientStatus = Participant['client_status']

export interface ParticipantFilters {
  client_status?: ClientStatus
  campaign?: string
  search?: string
}

/** The participants page by page, the newest first. */
export const participantsQuery = (slug: string, filters: ParticipantFilters) =>
  infiniteQueryOptions({
    queryKey: [slug, 'participants', filters],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/assessments/participants', {
        params: { query: { limit: 50, ...filters, ...(cursor && { cursor }) } },
        signal,
      })
      return data as Exclude<typeof data, string>
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** How many completed an assessment on each of the last thirty days, in the time zone of the tenant. */
export const completionsQuery = (slug: string, campaign?: string) =>
  queryOptions({
    queryKey: [slug, 'participants', 'completions', { campaign }],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/assessments/pipeline/completions', {
        params: { query: { ...(campaign && { campaign }) } },
        signal,
      })
      return data
    },
  })

/** All that the filters leave, as a CSV file. */
export async function participantsFile(slug: string, filters: ParticipantFilters): Promise<Blob> {
  const { data } = await inTenant(slug).GET('/assessments/participants', {
    params: { query: { ...filters, format: 'csv' } },
    parseAs: 'blob',
  })
  return data as unknown as Blob
}

const participantOf = (participant: string) => ({ path: { participant } })

export const participantQuery = (slug: string, participant: string) =>
  queryOptions({
    queryKey: [slug, 'participants', participant],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/assessments/participants/{participant}', {
        params: participantOf(participant),
        signal,
      })
      return data
    },
  })

export async function moveParticipant(
  slug: string,
  participant: string,
  client_status: ClientStatus,
): Promise<Participant> {
  const { data } = await inTenant(slug).PATCH('/assessments/participants/{participant}', {
    params: participantOf(participant),
    body: { client_status },
  })
  return data
}

/** Erases what the tenant holds about a participant, and about the address if there is one, everywhere. */
export async function forgetParticipant(slug: string, participant: string): Promise<void> {
  await platform.POST('/registry/tenants/{ref}/forget-person', {
    params: { path: { ref: slug } },
    body: { participant },
  })
}

export type Bio = Required<Schemas['ClientBioChange']>

/** What is noted about somebody, with the version that a change has to name. */
export const bioQuery = (slug: string, participant: string) =>
  queryOptions({
    queryKey: [slug, 'participants', participant, 'bio'],
    queryFn: async ({ signal }): Promise<{ bio: Bio | null; etag: string }> => {
      try {
        const { data, response } = await inTenant(slug).GET('/assessments/participants/{participant}/bio', {
          params: participantOf(participant),
          signal,
        })
        return { bio: data, etag: response.headers.get('etag') ?? '' }
      } catch (error) {
        if (error instanceof Problem && error.code === 'not_found') return { bio: null, etag: '"0"' }
        throw error
      }
    },
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
  })

export async function saveBio(slug: string, participant: string, bio: Bio, etag: string): Promise<void> {
  await inTenant(slug).PUT('/assessments/participants/{participant}/bio', {
    params: { ...participantOf(participant), header: { 'if-match': etag } },
    body: bio,
  })
}

export type ClientDocument = Schemas['ClientDocument']
const documentOf = (participant: string, document: string) => ({ path: { participant, document } })

export const documentsQuery = (slug: string, participant: string) =>
  queryOptions({
    queryKey: [slug, 'participants', participant, 'documents'],
    queryFn: ({ signal }) =>
      all(
        inTenant(slug).list('/assessments/participants/{participant}/documents', {
          params: participantOf(participant),
          signal,
        }),
      ),
  })

/** The file goes to Storage by a link, and the API then looks at what has arrived. */
export async function uploadDocument(slug: string, participant: string, file: File): Promise<void> {
  const { data } = await inTenant(slug).POST('/assessments/participants/{participant}/documents', {
    params: participantOf(participant),
    body: {
      name: file.name,
      content_type: file.type as ClientDocument['content_type'],
      byte_count: file.size,
    },
  })
  const { pathname, search } = new URL(data.upload.url)
  // The functions may know the project by another name than this page.
  const sent = await fetch(`${project.url}${pathname}${search}`, {
    method: 'PUT',
    headers: { 'content-type': file.type },
    body: file,
  })
  // Without the file, completing says so.
  await sent.body?.cancel()
  await inTenant(slug).POST('/assessments/participants/{participant}/documents/{document}/complete', {
    params: documentOf(participant, data.document.ref_id),
  })
}

/** Where the file can be read for five minutes. */
export async function openDocument(
  slug: string,
  participant: string,
  document: string,
): Promise<string | null> {
  const { data } = await inTenant(slug).GET('/assessments/participants/{participant}/documents/{document}', {
    params: documentOf(participant, document),
  })
  return data.download?.url ?? null
}

export async function deleteDocument(slug: string, participant: string, document: string): Promise<void> {
  await inTenant(slug).DELETE('/assessments/participants/{participant}/documents/{document}', {
    params: documentOf(participant, document),
  })
}

export const followupsQuery = (slug: string, participant: string) =>
  queryOptions({
    queryKey: [slug, 'participants', participant, 'followups'],
    queryFn: ({ signal }) =>
      all(inTenant(slug).list('/assessments/followups', { params: { query: { participant } }, signal })),
  })

export async function settleFollowup(
  slug: string,
  followup: string,
  how: 'cancel' | 'send-now',
): Promise<void> {
  const params = { path: { followup } }
  if (how === 'cancel') await inTenant(slug).POST('/assessments/followups/{followup}/cancel', { params })
  else await inTenant(slug).POST('/assessments/followups/{followup}/send-now', { params })
}
