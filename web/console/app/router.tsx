import type { User } from '@supabase/auth-js'
import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router'
import { Failure } from '../parts/notice.tsx'
import { Loading, NotFound } from '../parts/states.tsx'
import { Shell } from './shell.tsx'

interface RouterContext {
  queries: QueryClient
  user: User
}

const root = createRootRouteWithContext<RouterContext>()({ component: Shell })

const tenants = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('../screens/tenants.tsx'), 'Tenants'),
})

const brand = createRoute({
  getParentRoute: () => root,
  path: '/t/$slug/brand',
  component: lazyRouteComponent(() => import('../screens/brand/brand.tsx'), 'BrandScreen'),
})

const home = createRoute({
  getParentRoute: () => root,
  path: '/t/$slug',
  component: lazyRouteComponent(() => import('../screens/home.tsx'), 'Home'),
})

const keys = createRoute({
  getParentRoute: () => root,
  path: '/t/$slug/keys',
  component: lazyRouteComponent(() => import('../screens/keys/keys.tsx'), 'Keys'),
})

const people = createRoute({
  getParentRoute: () => root,
  path: '/t/$slug/people',
  component: lazyRouteComponent(() => import('../screens/people/people.tsx'), 'People'),
})

const routeTree = root.addChildren([tenants, home, brand, people, keys])

export const makeRouter = (queries: QueryClient) =>
  createRouter({
    routeTree,
    context: { queries, user: undefined! },
    defaultPreload: 'intent',
    defaultPendingMs: 200,
    defaultPendingComponent: Loading,
    defaultNotFoundComponent: NotFound,
    defaultErrorComponent: ({ error, reset }) => <Failure error={error} retry={reset} />,
  })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
