import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Problem } from '../../../lib/client/index.ts'
import type { Conflict } from './conflict.tsx'

/** Texts by name, with the version that a change of them has to name. */
export interface Versioned<Fields extends Record<string, string>> {
  fields: Fields
  etag: string
}

interface Options<Fields extends Record<string, string>> {
  /** What the server has, as far as this page knows. */
  read: Versioned<Fields>
  /** Writes all of them. Throws a problem 412 if `etag` is not the version any more. */
  save: (fields: Fields, etag: string) => Promise<unknown>
  /** Reads them again, so that `read` is the newest. */
  readAgain: () => Promise<Versioned<Fields>>
}

/**
 * Texts that two people may edit at once. What the other changed elsewhere comes in, and one's own change is made after it.
 * Where both changed the same, a person decides.
 */
export function useVersioned<Fields extends Record<string, string>>({
  read,
  save,
  readAgain,
}: Options<Fields>) {
  const [draft, setDraft] = useState<Partial<Fields>>({})
  const [conflicts, setConflicts] = useState<Conflict[]>([])

  async function write(changes: Partial<Fields>, from: Versioned<Fields>): Promise<boolean> {
    try {
      await save({ ...from.fields, ...changes }, from.etag)
      await readAgain()
      return true
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 412) throw error
      const now = await readAgain()
      const left = without(changes, now.fields)
      const found = Object.entries(left)
        .filter(([name]) => now.fields[name] !== from.fields[name])
        .map(([name, mine]) => ({ pointer: name, mine: mine ?? '', theirs: now.fields[name] ?? '' }))
      setDraft(left)
      setConflicts(found)
      if (found.length > 0) return false
      return Object.keys(left).length === 0 || write(left, now)
    }
  }
  const saving = useMutation({
    mutationFn: () => write(draft, read),
    onSuccess: (isSaved) => isSaved && setDraft({}),
  })

  return {
    now: { ...read.fields, ...draft },
    isDirty: Object.keys(draft).length > 0,
    saving,
    set(name: keyof Fields & string, value: string) {
      if (!saving.isIdle) saving.reset()
      setDraft((before) => without({ ...before, [name]: value }, read.fields))
    },
    discard() {
      saving.reset()
      setDraft({})
    },
    conflicts,
    /** The names of those that stay as this person wants them. */
    decide(kept: ReadonlySet<string>) {
      setConflicts([])
      saving.reset()
      setDraft(
        (before) =>
          Object.fromEntries(
            Object.entries(before).filter(
              ([name]) => kept.has(name) || !conflicts.some(({ pointer }) => pointer === name),
            ),
          ) as Partial<Fields>,
      )
    },
  }
}

/** What differs. */
function without<Fields extends Record<string, string>>(
  changes: Partial<Fields>,
  fields: Fields,
): Partial<Fields> {
  return Object.fromEntries(
    Object.entries(changes).filter(([name, value]) => value !== fields[name]),
  ) as Partial<Fields>
}
