import type { Hono } from 'hono'
import { notesOf, type RouteNotes } from './route-notes.ts'

/** One registered route, with the notes of its middleware. */
export interface Route extends RouteNotes {
  method: string
  /** In Hono's spelling: /registry/tenants/:ref */
  path: string
}

/** Every route of an app, without the middleware that runs before all of them. */
// biome-ignore lint/complexity/noBannedTypes: {} is how Hono spells "any environment, any schema".
export function routeTable(app: Pick<Hono<{}>, 'routes'>): Route[] {
  const routes = new Map<string, Route>()
  for (const { method, path, handler } of app.routes) {
    if (method === 'ALL' || method === 'OPTIONS') continue
    const key = `${method} ${path}`
    const route = routes.get(key) ?? { method, path }
    routes.set(key, { ...route, ...notesOf(handler) })
  }
  return [...routes.values()]
}
