import { type Route, routeTable } from '../../lib/http/route-table.ts'
import { listFunctions } from '../../stack/cli/openapi.ts'

/** Every edge function there is: each has a folder of its own. */
export const functionNames = await listFunctions()

interface App {
  routes: Parameters<typeof routeTable>[0]['routes']
}

/**
 * The routes a function's own index.ts mounts. It starts to serve when it is loaded, which only Deno
 * can: here it is loaded for its table alone.
 */
export async function routesOf(name: string): Promise<Route[]> {
  Object.assign(globalThis, { Deno: { serve() {} } })
  const { app } = (await import(new URL(`../../functions/${name}/index.ts`, import.meta.url).href)) as {
    app: App
  }
  return routeTable(app)
}
