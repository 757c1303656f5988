import type { Handler, MiddlewareHandler } from 'hono'
import type { z } from 'zod'
import type { ProblemCode } from '../db/index.ts'
import type { Access } from './router.ts'

/** One answer of a route. An answer without a schema has no body. */
export interface Answer {
  description: string
  schema?: z.ZodType
  contentType?: string
  /** Whether the answer is a CSV file instead if the header Accept asks for one. */
  orCsv?: true
}

/** What a route's middleware says about the route: the source of openapi.json and of the test of all routes. */
export interface RouteNotes {
  access?: Access
  summary?: string
  answers?: Record<number, Answer>
  problems?: ProblemCode[]
  body?: z.ZodType
  /** The types of a body that is a file. */
  file?: readonly string[]
  query?: z.ZodType
  params?: z.ZodType
  takesIdempotencyKey?: true
}

const notes = new WeakMap<object, RouteNotes>()
const silent = new WeakSet<object>()

/** Attaches a note to a middleware. All notes along one route together describe it. */
export function annotate<Handler extends object>(handler: Handler, about: RouteNotes): Handler {
  notes.set(handler, about)
  return handler
}

/** A middleware that only carries a note. */
export function note(about: RouteNotes): MiddlewareHandler {
  const handler: MiddlewareHandler = (_c, next) => next()
  silent.add(handler)
  return annotate(handler, about)
}

export function notesOf(handler: object): RouteNotes | undefined {
  return notes.get(handler)
}

/**
 * A route's handlers without those that only carry a note, because each middleware costs every request. Their notes
 * move to the last handler, which is wrapped because two routes may share it. It tells observe() that it answers.
 */
export function settle(handlers: object[]): object[] {
  const said = handlers.filter((handler) => silent.has(handler)).map(notesOf)
  const working = handlers.filter((handler) => !silent.has(handler))
  const last = working.pop() as Handler
  const own: Handler = (c, next) => {
    c.env.context = c
    return last(c, next)
  }
  return [...working, annotate(own, Object.assign({}, ...said))]
}

/** Says what a route is for and what it answers. The problems of its middleware are added automatically. */
export function describeRoute(
  summary: string,
  answers: Record<number, Answer>,
  problems: ProblemCode[] = [],
): MiddlewareHandler {
  return note({ summary, answers, problems })
}
