import { z } from 'zod'
import type { FieldError } from '../../db/index.ts'
import { configProblems } from '../config/check.ts'
import { type Head, overridesOf } from '../config/head.ts'
import { type Column, overrides } from '../config/parts.ts'
import { isObject } from '../config/resolve.ts'
import { ConfigChange, findReservedName } from '../config/schema.ts'

/** What a model proposes for one column, or what is wrong with it. */
export type Proposal = { ok: true; proposed: unknown } | { ok: false; errors: FieldError[] }

/** The JSON Schema of the answer: {"patch": …}. */
export function answerSchema(column: Column): Record<string, unknown> {
  const { $schema: _, ...patch } = z.toJSONSchema(overrides[column], { unrepresentable: 'any', io: 'input' })
  return { type: 'object', properties: { patch }, required: ['patch'], additionalProperties: false }
}

/** The column as it would be after the answer of a model. It is checked as any change of the configuration is. */
export function readProposal({ base, config }: Head, column: Column, text: string): Proposal {
  const answer = parsed(text)
  if (!isObject(answer) || !('patch' in answer) || Object.keys(answer).length !== 1)
    return wrong('', 'must be JSON of the form {"patch": …} and nothing else')
  const reserved = findReservedName(answer.patch)
  if (reserved !== undefined) return wrong(`/${column}${reserved}`, 'is a reserved name')
  const present = overridesOf(config)
  const proposed = compose(present[column], answer.patch)
  if (JSON.stringify(proposed) === JSON.stringify(present[column]))
    return wrong(`/${column}`, 'changes nothing')
  const change = ConfigChange.safeParse({ [column]: proposed })
  if (!change.success) return { ok: false, errors: change.error.issues.slice(0, 20).flatMap(errorsOf) }
  const errors = configProblems(base, { ...present, [column]: proposed })
  return errors.length > 0 ? { ok: false, errors } : { ok: true, proposed }
}

/** Some models put a fence around JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(/^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/.exec(text)?.[1] ?? text)
  } catch {
    return undefined
  }
}

/** Two merge patches as one (RFC 7396). A null stays, because it removes something of the base. */
function compose(first: unknown, second: unknown): unknown {
  if (!isObject(first) || !isObject(second)) return second
  const names = new Set([...Object.keys(first), ...Object.keys(second)])
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      Object.hasOwn(second, name) ? compose(first[name], second[name]) : first[name],
    ]),
  )
}

function errorsOf(issue: z.core.$ZodIssue): FieldError[] {
  const at = issue.path.map((step) => `/${String(step)}`).join('')
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, 20).map((key) => ({ pointer: `${at}/${key}`, detail: 'is not known' }))
  return [{ pointer: at, detail: issue.message }]
}

const wrong = (pointer: string, detail: string): Proposal => ({ ok: false, errors: [{ pointer, detail }] })
