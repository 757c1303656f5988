import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { Problem } from '../../../../lib/client/index.ts'
import { type Columns, columns } from '../../api/framework-parts.ts'
import { type DraftChange, type Read, readQuery, saveDraft, versionQuery } from '../../api/frameworks.ts'
import { useVersioned, type Versioned } from '../../parts/versioned.ts'
import { build, changeFor, type Flat, flatten, isWithin, placeOf, rebased, wholesOf } from './flat.ts'

/** What the draft is for stands among its values. */
export const reasonAt = '/reason'

const typed = ({ drafted, draft, etag }: Read): Versioned<Flat> => ({
  fields: { ...flatten(drafted), [reasonAt]: draft?.reason ? JSON.stringify(draft.reason) : null },
  etag,
})

const nothing: Columns = Object.assign(Object.fromEntries(columns.map((column) => [column, {}])) as Columns, {
  test_clients: [],
})
const isGone = (error: unknown) => error instanceof Problem && error.code === 'version_not_kept'

/** The columns that the draft was begun from. Null if that version is not kept any more. */
async function begunFrom(queries: QueryClient, slug: string, framework: string, version: number) {
  try {
    return (await queries.fetchQuery(versionQuery(slug, framework, version)))?.config ?? nothing
  } catch (error) {
    if (isGone(error)) return null
    throw error
  }
}

/** The body by which the draft is as wanted. */
async function bodyFor(
  queries: QueryClient,
  slug: string,
  framework: string,
  read: Read,
  { [reasonAt]: reason = null, ...wanted }: Flat,
): Promise<DraftChange> {
  const { draft, drafted, version } = read
  const named = typeof reason === 'string' ? { reason: JSON.parse(reason) as string } : {}
  // While it meets what was published since, it stays a change of the version from which it was begun.
  const base = draft?.conflicts.length ? await begunFrom(queries, slug, framework, draft.base_version) : null
  if (!draft || !base) return { base_version: version, ...changeFor(read, wanted), ...named }
  const mine = { ...base, ...draft.change }
  return {
    ...{ base_version: draft.base_version, ...draft.change },
    ...changeFor({ published: drafted, columns: mine }, wanted),
    ...named,
  }
}

/** What the server said of places of the assessment. */
export type Errors = readonly { pointer: string; detail: string }[]

export const errorsIn = (error: unknown): Errors =>
  error instanceof Problem
    ? error.errors.map(({ pointer, detail }) => ({ pointer: placeOf(pointer), detail }))
    : []

/** A draft that two people may edit at once. */
export function useDraft(slug: string, framework: string, read: Read) {
  const queries = useQueryClient()
  const query = readQuery(slug, framework)
  const [errors, setErrors] = useState<Errors>([])
  /** What this page knew before somebody else's change. */
  const before = useRef(read)
  const readAgain = async () => typed(await queries.fetchQuery({ ...query, staleTime: 0 }))
  const refreshOthers = () =>
    queries.invalidateQueries({ queryKey: [slug, 'frameworks', framework], refetchType: 'none' })
  const versioned = useVersioned<Flat>({
    read: typed(read),
    save: async (etag, _, fields) => {
      const newest = queries.getQueryData(query.queryKey) ?? read
      try {
        await saveDraft(slug, framework, await bodyFor(queries, slug, framework, newest, fields), etag)
      } catch (error) {
        setErrors(errorsIn(error))
        throw error
      }
      setErrors([])
      await refreshOthers()
      await readAgain()
    },
    readAgain: async () => {
      before.current = read
      return readAgain()
    },
  })
  /** What somebody decided, so that nothing is left of a thing of which one has taken away what the other changed. */
  function decide(kept: ReadonlySet<string>) {
    const was = { ...typed(before.current).fields, ...versioned.changes }
    const is = typed(read).fields
    const more: Flat = {}
    for (const { pointer } of versioned.conflicts) {
      const [whole] = wholesOf(pointer).filter((place) =>
        kept.has(pointer) ? !is[place] && was[place] : is[place] && versioned.changes[place] === null,
      )
      if (whole === undefined) continue
      const from = kept.has(pointer) ? was : is
      for (const place of new Set([...Object.keys(was), ...Object.keys(is)]))
        if (isWithin(place, whole)) more[place] = from[place] ?? null
    }
    versioned.decide(kept)
    versioned.setAll(more)
  }

  return {
    ...versioned,
    decide,
    config: build(versioned.now) as { [Part in string]?: unknown },
    errors,
    /** What was said of a place goes with its value. */
    setAll(some: Flat) {
      setErrors((all) =>
        all.filter(({ pointer }) => !Object.keys(some).some((place) => isWithin(pointer, place))),
      )
      versioned.setAll(some)
    },
  }
}

/** Makes a draft that meets what was published since one of what is published now. */
export async function rebaseDraft(
  queries: QueryClient,
  slug: string,
  framework: string,
  read: Read,
  kept: ReadonlySet<string>,
): Promise<void> {
  const { draft, version, etag } = read
  if (!draft) return
  const base = await begunFrom(queries, slug, framework, draft.base_version)
  const change = changeFor(read, rebased(read, base ?? read.columns, kept))
  const reason = draft.reason ? { reason: draft.reason } : {}
  await saveDraft(slug, framework, { base_version: version, ...change, ...reason }, etag)
}
