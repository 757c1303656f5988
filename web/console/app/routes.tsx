import type { User } from '@supabase/auth-js'
import type { FetchInfiniteQueryOptions, FetchQueryOptions, QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  lazyRouteComponent,
  type RouteComponent,
} from '@tanstack/react-router'
import { tenantQuery } from '../api/tenants.ts'
import { Failure } from '../parts/notice.tsx'
import type { Permission } from '../parts/screen.tsx'
import { texts } from '../parts/search.ts'
import { Loading, NotFound } from '../parts/states.tsx'
import { sharedFiles } from './shared-files.ts'

interface RouterContext {
  queries: QueryClient
  user: User
}

/** What stands around all screens. */
export const makeRoot = (component: RouteComponent) =>
  createRootRouteWithContext<RouterContext>()({ component })
type Root = ReturnType<typeof makeRoot>

/**
 * Asks for the tenant, which every screen of one begins with, and for more, while the file of the screen is on its way. In a
 * frame nobody is signed in, and its token reads no tenant.
 */
function ask(
  { queries, user }: RouterContext,
  params: object,
  more: (slug: string) => Needed[] = () => [],
): void {
  const { slug } = params as { slug?: string }
  if (!slug || !user) return
  const fetch = (query: object) =>
    'initialPageParam' in query
      ? queries.prefetchInfiniteQuery(query as FetchInfiniteQueryOptions<unknown>)
      : queries.prefetchQuery(query as FetchQueryOptions)
  const tenant = tenantQuery(slug)
  const known = fetch(tenant)
  for (const needed of more(slug))
    if (!('needs' in needed)) void fetch(needed)
    else
      void known.then(() => {
        if (queries.getQueryData(tenant.queryKey)?.permissions.includes(needed.needs))
          return fetch(needed.query)
      })
}

/** A query that a screen begins with; or one that not everybody may ask, as soon as the tenant says who may. */
type Needed = object | { needs: Permission; query: object }

/** What makes the routes below a root. */
export const makersOf = (root: Root) => ({
  /** A screen, whose file is loaded when it is opened. */
  screen: <const Path extends string, Module extends Record<string, unknown>>(
    path: Path,
    load: () => Promise<Module>,
    name: keyof Module & string,
    more?: (slug: string) => Needed[],
  ) =>
    createRoute({
      getParentRoute: () => root,
      path,
      component: lazyRouteComponent(load, name),
      loader: ({ context, params }) => ask(context, params, more),
    }),

  /** One whose address says what is shown of it. */
  filtered: <const Path extends string, Module extends Record<string, unknown>, Search extends object>(
    path: Path,
    load: () => Promise<Module>,
    name: keyof Module & string,
    validateSearch: (search: Record<string, unknown>) => Search,
  ) =>
    createRoute({
      getParentRoute: () => root,
      path,
      component: lazyRouteComponent(load, name),
      loader: ({ context, params }) => ask(context, params),
      validateSearch,
    }),
})

/** The screens of the webhooks, in the console and in frames. */
export const webhookRoutes = (root: Root) => {
  const { screen, filtered } = makersOf(root)
  return [
    filtered('/t/$slug/webhooks', sharedFiles['/t/$slug/webhooks'], 'Endpoints', texts('hours')),
    filtered(
      '/t/$slug/webhooks/deliveries',
      sharedFiles['/t/$slug/webhooks/deliveries'],
      'Deliveries',
      texts('endpoint', 'status', 'event_type', 'since', 'until'),
    ),
    screen(
      '/t/$slug/webhooks/deliveries/$message/$endpoint',
      sharedFiles['/t/$slug/webhooks/deliveries/$message/$endpoint'],
      'DeliveryScreen',
    ),
    filtered(
      '/t/$slug/webhooks/events',
      sharedFiles['/t/$slug/webhooks/events'],
      'EventTypes',
      texts('type'),
    ),
    filtered(
      '/t/$slug/webhooks/$endpoint',
      sharedFiles['/t/$slug/webhooks/$endpoint'],
      'EndpointScreen',
      texts('hours'),
    ),
  ] as const
}

/** Those screens of the audit log that are shown in frames too. */
export const auditRoutes = (root: Root) => {
  const { screen, filtered } = makersOf(root)
  return [
    filtered(
      '/t/$slug/audit',
      sharedFiles['/t/$slug/audit'],
      'AuditLog',
      texts('action', 'actor', 'target', 'request_id', 'since', 'until', 'is_failure'),
    ),
    screen('/t/$slug/audit/$seq', sharedFiles['/t/$slug/audit/$seq'], 'AuditEntry'),
  ] as const
}

/** How every router behaves. */
export const routerOptions = {
  defaultPreload: 'intent',
  defaultPendingMs: 200,
  defaultPendingComponent: Loading,
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: ({ error, reset }: { error: unknown; reset: () => void }) => (
    <Failure error={error} retry={reset} />
  ),
} as const
