import { type Route, routeTable } from '../../lib/http/route-table.ts'

/** Every edge function there is. */
export const functionNames = ['branding', 'registry', 'usage', 'webhooks'] as const

interface App {
  routes: Parameters<typeof routeTable>[0]['routes']
}

/**
 * The routes a function's own index.ts mounts. It starts to serve when it is loaded, which only Deno
 * can: here it is loaded for its table alone.
 */
export async function routesOf(name: (typeof functionNames)[number]): Promise<Route[]> {
  Object.assign(globalThis, { Deno: { serve() {} } })
  const { app } = (await import(new URL(`../../functions/${name}/index.ts`, import.meta.url).href)) as {
    app: App
  }
  return routeTable(app)
}
