import { Hono } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { routePath } from 'hono/route'
import { noteRefusal } from '../auth/index.ts'
import { Problem, tellOfReplica } from '../db/index.ts'
import { log } from '../runtime/index.ts'
import { healthRoutes } from './health.ts'
import { type ObservedEnv, observe } from './observe.ts'
import { openApiDocument } from './openapi.ts'
import { nothingHere, problemFrom, problemResponse } from './problem-json.ts'
import { requestHeaders } from './request-headers.ts'
import { describeRoute } from './route-notes.ts'
import { routeTable } from './route-table.ts'
import { router } from './router.ts'

/**
 * The app of one edge function. Mount routers on it. What every function needs (request ids, logs, CORS,
 * problem documents, /health, /openapi.json) is already here.
 */
export function createApp(domain: string) {
  const app = new Hono<ObservedEnv>().basePath(`/${domain}`)
  app.fetch = observe(domain, app.fetch)
  tellOfReplica((code, reason) => log('warn', { function: domain, code, reason }))
  // Runs only if no route matched, so that other requests pay nothing for it.
  const refuseOtherMethods = methodNotAllowed({
    app,
    onMethodNotAllowed: (c, methods) => {
      const allow = methods.join(', ')
      return problemResponse(
        c,
        new Problem('method_not_allowed', `Offered here: ${allow}.`, { headers: { allow } }),
      )
    },
  })
  app.notFound(async (c) => {
    c.env.context = c
    c.res = problemResponse(c, new Problem('not_found', nothingHere))
    await refuseOtherMethods(c, async () => {})
    return c.res
  })
  app.onError(async (thrown, c) => {
    c.env.context = c
    const problem = problemFrom(thrown)
    if (thrown instanceof Problem) c.env.code = problem.code
    if (problem.status >= 500) {
      const cause = problem.cause instanceof Error ? problem.cause : thrown
      log('error', {
        function: domain,
        request_id: c.env.requestId,
        code: problem.code,
        stack: cause.stack,
      })
    }
    if (!problem.isDeclared) {
      const request_id = c.env.requestId
      log('error', { function: domain, request_id, code: 'problem_not_declared', problem: problem.code })
    }
    const { claims, tenant, tenantName } = c.var
    await noteRefusal(
      {
        claims,
        headers: requestHeaders(c),
        tenant: tenantName === undefined ? undefined : (tenant?.refId ?? tenantName),
        method: c.req.method,
        route: routePath(c, -1),
      },
      problem,
    )
    return problemResponse(c, problem)
  })
  app.route('/health', healthRoutes)
  app.route(
    '/openapi.json',
    openApiRoute(domain, () => routeTable(app)),
  )
  return app
}

function openApiRoute(domain: string, routes: () => ReturnType<typeof routeTable>) {
  let document: string | undefined
  const answers = { 200: { description: 'This document (OpenAPI 3.1).' } }
  return router({ auth: 'public' }).get(
    '/',
    describeRoute('Describe every route of this function', answers),
    (c) => {
      document ??= JSON.stringify(openApiDocument(domain, routes()))
      return c.body(document, 200, {
        'content-type': 'application/json',
        'cache-control': 'public, max-age=300',
      })
    },
  )
}
