import { existsSync, readdirSync } from 'node:fs'
import { declaredCodes, declaredConstraints, definitionOf, type ProblemCode } from '../../lib/db/index.ts'

const lib = new URL('../../lib/', import.meta.url)

/** The folders of lib that declare problems. */
export const declaring = readdirSync(lib).filter((name) => existsSync(new URL(`${name}/problems.ts`, lib)))
for (const name of declaring) await import(new URL(`${name}/problems.ts`, lib).href)

/** What all domains together declare. No function loads all of them. */
export const codes: ProblemCode[] = declaredCodes()
export const constraints: string[] = declaredConstraints()
export const statusOf = (code: ProblemCode): number => definitionOf(code).status
