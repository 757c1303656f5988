import type { Handler, MiddlewareHandler } from 'hono'
import type { z } from 'zod'
import type { ProblemCode } from '../db/index.ts'
import type { Access } from './router.ts'

/** What one answer of a route looks like. Without a schema it has no body. */
export interface Answer {
  description: string
  schema?: z.ZodType
  contentType?: string
}

/** What a route's middleware says about it: the source of openapi.json and of the route table's test. */
export interface RouteNotes {
  access?: Access
  summary?: string
  answers?: Record<number, Answer>
  problems?: ProblemCode[]
  body?: z.ZodType
  query?: z.ZodType
  params?: z.ZodType
}

const notes = new WeakMap<object, RouteNotes>()
const silent = new WeakSet<object>()

/** Attaches a note to a middleware; everything said along one route is put together in its description. */
export function annotate<Handler extends object>(handler: Handler, about: RouteNotes): Handler {
  notes.set(handler, about)
  return handler
}

/** A middleware that says something about its route and does nothing. */
export function note(about: RouteNotes): MiddlewareHandler {
  const handler: MiddlewareHandler = (_c, next) => next()
  silent.add(handler)
  return annotate(handler, about)
}

export function notesOf(handler: object): RouteNotes | undefined {
  return notes.get(handler)
}

/**
 * A route's handlers without those that only say something: their notes move to the last one, which
 * is wrapped because two routes may share it. Each middleware left in costs every request.
 */
export function settle(handlers: object[]): object[] {
  const said = handlers.filter((handler) => silent.has(handler)).map(notesOf)
  const working = handlers.filter((handler) => !silent.has(handler))
  const last = working.pop() as Handler
  const own: Handler = (c, next) => last(c, next)
  return [...working, annotate(own, Object.assign({}, ...said))]
}

/** Says what a route is for and what it answers. Problems its middleware can raise are added by themselves. */
export function describeRoute(
  summary: string,
  answers: Record<number, Answer>,
  problems: ProblemCode[] = [],
): MiddlewareHandler {
  return note({ summary, answers, problems })
}
