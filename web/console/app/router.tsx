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
import { auditSearchIn, tenantSearchIn } from '../screens/operator/search.ts'
import { Shell } from './shell.tsx'

interface RouterContext {
  queries: QueryClient
  user: User
}

const root = createRootRouteWithContext<RouterContext>()({ component: Shell })

/** A screen, whose file is loaded when it is opened. */
const screen = <const Path extends string, Module extends Record<string, unknown>>(
  path: Path,
  load: () => Promise<Module>,
  name: keyof Module & string,
) => createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load, name) })

const operatorTenants = createRoute({
  getParentRoute: () => root,
  path: '/operator',
  validateSearch: tenantSearchIn,
  component: lazyRouteComponent(() => import('../screens/operator/tenants.tsx'), 'OperatorTenants'),
})
const operatorAudit = createRoute({
  getParentRoute: () => root,
  path: '/operator/audit',
  validateSearch: auditSearchIn,
  component: lazyRouteComponent(() => import('../screens/operator/audit.tsx'), 'OperatorAudit'),
})

const routeTree = root.addChildren([
  screen('/', () => import('../screens/tenants/tenants.tsx'), 'Tenants'),
  screen('/join', () => import('../screens/join/join.tsx'), 'Join'),
  screen('/t/$slug', () => import('../screens/home/home.tsx'), 'Home'),
  screen('/t/$slug/brand', () => import('../screens/brand/brand.tsx'), 'BrandScreen'),
  screen('/t/$slug/people', () => import('../screens/people/people.tsx'), 'People'),
  screen('/account', () => import('../screens/account/account.tsx'), 'Account'),
  operatorTenants,
  operatorAudit,
  screen('/operator/queues', () => import('../screens/operator/queues.tsx'), 'OperatorQueues'),
  screen('/operator/tenants/$tenant', () => import('../screens/operator/tenant.tsx'), 'OperatorTenant'),
  screen('/t/$slug/keys', () => import('../screens/keys/keys.tsx'), 'Keys'),
  screen('/t/$slug/contract', () => import('../screens/contract/contract.tsx'), 'ContractScreen'),
])

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
