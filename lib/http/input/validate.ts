import type { MiddlewareHandler } from 'hono'
import type { z } from 'zod'
import { type FieldError, Problem } from '../../db/index.ts'
import { annotate } from '../route-notes.ts'
import { escapePointer, findUnstorableText, readJson } from './json-body.ts'
import { sentence } from './sentence.ts'

/** What `c.req.valid(target)` returns in a handler after one of these. */
type Validated<Target extends 'json' | 'query' | 'param', Schema extends z.ZodType> = MiddlewareHandler<
  Record<string, never>,
  string,
  { in: { [Key in Target]: z.input<Schema> }; out: { [Key in Target]: z.output<Schema> } }
>

interface BodyOptions {
  /** What openapi.json shows, if the handler makes a part of the check. */
  shownAs?: z.ZodType
  /** Lets text pass that cannot be stored: the handler looks for it. */
  anyText?: boolean
}

/** A JSON body that fits the schema: `c.req.valid('json')`. Refuses with 400, 413, 415 or 422. */
export function body<Schema extends z.ZodType>(
  schema: Schema,
  options: BodyOptions = {},
): Validated<'json', Schema> {
  const validate: Validated<'json', Schema> = async (c, next) => {
    const { value, isSuspect } = await readJson(c.req.raw)
    const unstorable = isSuspect && !options.anyText ? findUnstorableText(value) : undefined
    if (unstorable) throw validationProblem('invalid_body', [unstorable])
    const checked = check(schema, value)
    if (!checked.ok) throw validationProblem('invalid_body', checked.errors)
    c.req.addValidatedData('json', checked.data as object)
    await next()
  }
  return annotate(validate, { body: options.shownAs ?? schema })
}

/** Query parameters that fit the schema: `c.req.valid('query')`. Refuses a parameter that is given twice. */
export function query<Schema extends z.ZodType>(schema: Schema): Validated<'query', Schema> {
  const validate: Validated<'query', Schema> = async (c, next) => {
    const value: Record<string, string> = {}
    for (const [name, given] of Object.entries(c.req.queries())) {
      const [first, second] = given
      if (second !== undefined) {
        const errors = [{ pointer: `/${escapePointer(name)}`, detail: 'is given more than once' }]
        throw validationProblem('invalid_query', errors)
      }
      if (first !== undefined) value[name] = first
    }
    const checked = check(schema, value)
    if (!checked.ok) throw validationProblem('invalid_query', checked.errors)
    c.req.addValidatedData('query', checked.data as object)
    await next()
  }
  return annotate(validate, { query: schema })
}

/** Path parameters that fit the schema: `c.req.valid('param')`. Answers 404 to one that cannot name anything. */
export function params<Schema extends z.ZodType>(schema: Schema): Validated<'param', Schema> {
  const validate: Validated<'param', Schema> = async (c, next) => {
    const result = schema.safeParse(c.req.param())
    if (!result.success) throw new Problem('not_found', 'There is nothing with this name.')
    c.req.addValidatedData('param', result.data as object)
    await next()
  }
  return annotate(validate, { params: schema })
}

type Checked<Data> = { ok: true; data: Data } | { ok: false; errors: FieldError[] }

/** Checks a value against a schema. Each error is a sentence with its place. */
export function check<Schema extends z.ZodType>(schema: Schema, value: unknown): Checked<z.output<Schema>> {
  const result = schema.safeParse(value, { error: sentence })
  return result.success
    ? { ok: true, data: result.data }
    : { ok: false, errors: fewErrors(fieldErrors(result.error)) }
}

export function validationProblem(code: 'invalid_body' | 'invalid_query', errors: FieldError[]): Problem {
  const what = code === 'invalid_body' ? 'The body does' : 'The query parameters do'
  return new Problem(code, `${what} not fit what is expected here.`, { errors })
}

/** How many errors an answer names. Without a bound it would be as long as the request. SQL has the same (few_problems). */
const mostErrors = 20

function fewErrors(errors: FieldError[]): FieldError[] {
  const told = errors
    .slice(0, mostErrors)
    .map(({ pointer, detail }) => ({ pointer: pointer.slice(0, 200), detail }))
  if (errors.length <= mostErrors) return told
  return [...told, { pointer: '', detail: `has ${errors.length - mostErrors} more problems` }]
}

/** Every error of a schema, with its place. */
function fieldErrors(error: z.ZodError): FieldError[] {
  return error.issues.flatMap((issue) => {
    const pointer = issue.path.map((step) => `/${escapePointer(String(step))}`).join('')
    if (issue.code !== 'unrecognized_keys') return [{ pointer, detail: issue.message }]
    return issue.keys.map((key) => ({ pointer: `${pointer}/${escapePointer(key)}`, detail: issue.message }))
  })
}
