import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Problem } from '../../../lib/client/index.ts'
import type { Conflict, Value } from './conflict.tsx'

/** Values by name, with the version that a change of them has to name. */
export interface Versioned<Fields extends Record<string, Value>> {
  fields: Fields
  etag: string
}

interface Options<Fields extends Record<string, Value>> {
  /** What the server has, as far as this page knows. */
  read: Versioned<Fields>
  /**
   * Writes `fields`, of which `changes` are other than what was read, and sees to it that `read` is the newest. Throws a
   * problem 412 if `etag` is not the version any more.
   */
  save: (etag: string, changes: Partial<Fields>, fields: Fields) => Promise<unknown>
  /** Reads them again. From then on `read` is what this gives. */
  readAgain: () => Promise<Versioned<Fields>>
}

/**
 * Values that two people may edit at once. What the other changed elsewhere comes in, and one's own change is made after it.
 * Where both changed the same, a person decides.
 */
export function useVersioned<Fields extends Record<string, Value>>({
  read,
  save,
  readAgain,
}: Options<Fields>) {
  const [changes, setChanges] = useState<Partial<Fields>>({})
  const [conflicts, setConflicts] = useState<Conflict[]>([])

  /** False if a person has to decide first. */
  async function write(mine: Partial<Fields>, from: Versioned<Fields>): Promise<boolean> {
    try {
      await save(from.etag, mine, { ...from.fields, ...mine })
      return true
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 412) throw error
      const now = await readAgain()
      // What they changed to the same is no change any more.
      const left = differing(mine, now.fields)
      const found = Object.entries(left)
        .filter(([name]) => isOther(now.fields[name], from.fields[name]))
        .map(([name, value]) => ({ pointer: name, mine: value ?? null, theirs: now.fields[name] ?? null }))
      setConflicts(found)
      if (found.length > 0) {
        setChanges((before) => differing(before, now.fields))
        return false
      }
      return Object.keys(left).length === 0 || write(left, now)
    }
  }
  const saving = useMutation({
    mutationFn: (mine: Partial<Fields>) => write(mine, read),
    // What was typed meanwhile is not saved yet.
    onSuccess: (isSaved, mine) =>
      isSaved && setChanges((before) => filtered(before, (name, value) => value !== mine[name])),
  })

  function setAll(some: Partial<Fields>) {
    if (saving.isSuccess || saving.isError) saving.reset()
    setChanges((before) => differing<Fields>({ ...before, ...some }, read.fields))
  }

  return {
    now: { ...read.fields, ...changes },
    /** What differs from what is saved. */
    changes,
    isDirty: Object.keys(changes).length > 0,
    saving,
    isSaved: saving.data === true,
    save() {
      if (Object.keys(changes).length > 0 && !saving.isPending) saving.mutate(changes)
    },
    set: (name: keyof Fields & string, value: Value) => setAll({ [name]: value } as Partial<Fields>),
    /** Several at once. */
    setAll,
    discard() {
      saving.reset()
      setChanges({})
    },
    conflicts,
    /** The names of those that stay as this person wants them. */
    decide(kept: ReadonlySet<string>) {
      setConflicts([])
      saving.reset()
      const given = new Set(conflicts.map(({ pointer }) => pointer).filter((name) => !kept.has(name)))
      setChanges((before) => filtered(before, (name) => !given.has(name)))
    },
  }
}

function filtered<Fields extends Record<string, Value>>(
  fields: Partial<Fields>,
  stays: (name: string, value: Value | undefined) => boolean,
): Partial<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => stays(name, value)),
  ) as Partial<Fields>
}

/** Those that are other than these. */
const differing = <Fields extends Record<string, Value>>(changes: Partial<Fields>, from: Partial<Fields>) =>
  filtered(changes, (name, value) => isOther(value, from[name]))

/** What is not there and what is nothing are the same. */
const isOther = (one: Value | undefined, other: Value | undefined) => (one ?? null) !== (other ?? null)
