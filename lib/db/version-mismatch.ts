import { Problem } from './problem.ts'

/**
 * 412, when somebody else was first. `conflicts`: the places that both changes touch; undefined if nobody can say any more.
 */
export function versionMismatch(version: number, conflicts?: string[]): Problem {
  return new Problem('version_mismatch', 'Somebody else has changed this in the meantime. Read it again.', {
    members: { version, ...(conflicts && { conflicts }) },
  })
}
