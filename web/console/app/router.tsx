import type { User } from '@supabase/auth-js'
import type { FetchQueryOptions, QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router'
import { brandQuery, fontsQuery } from '../api/brand.ts'
import { overviewQuery } from '../api/overview.ts'
import { tenantQuery } from '../api/tenants.ts'
import { Failure } from '../parts/notice.tsx'
import { texts } from '../parts/search.ts'
import { Loading, NotFound } from '../parts/states.tsx'
import { campaignSearch } from '../screens/campaigns/search.ts'
import { inboxSearch, logSearch } from '../screens/notifications/search.ts'
import { auditSearchIn, tenantSearchIn } from '../screens/operator/search.ts'
import { participantSearch } from '../screens/participants/search.ts'
import { Shell } from './shell.tsx'

interface RouterContext {
  queries: QueryClient
  user: User
}

const root = createRootRouteWithContext<RouterContext>()({ component: Shell })

/** Asks for the tenant, which every screen of one begins with, and for more, while the file of the screen is on its way. */
function ask({ queries }: RouterContext, params: object, more: (slug: string) => object[] = () => []): void {
  const { slug } = params as { slug?: string }
  if (!slug) return
  for (const query of [tenantQuery(slug), ...more(slug)])
    void queries.prefetchQuery(query as FetchQueryOptions)
}

/** A screen, whose file is loaded when it is opened. */
const screen = <const Path extends string, Module extends Record<string, unknown>>(
  path: Path,
  load: () => Promise<Module>,
  name: keyof Module & string,
  more?: (slug: string) => object[],
) =>
  createRoute({
    getParentRoute: () => root,
    path,
    component: lazyRouteComponent(load, name),
    loader: ({ context, params }) => ask(context, params, more),
  })

/** One whose address says what is shown of it. */
const filtered = <const Path extends string, Module extends Record<string, unknown>, Search extends object>(
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
  })

const routeTree = root.addChildren([
  screen('/', () => import('../screens/tenants/tenants.tsx'), 'Tenants'),
  screen('/join', () => import('../screens/join/join.tsx'), 'Join'),
  screen('/account', () => import('../screens/account/account.tsx'), 'Account'),
  screen(
    '/t/$slug',
    () => import('../screens/home/home.tsx'),
    'Home',
    (slug) => [overviewQuery(slug)],
  ),
  screen('/t/$slug/contract', () => import('../screens/contract/contract.tsx'), 'ContractScreen'),
  filtered(
    '/t/$slug/campaigns',
    () => import('../screens/campaigns/campaigns.tsx'),
    'Campaigns',
    campaignSearch,
  ),
  screen('/t/$slug/campaigns/$campaign', () => import('../screens/campaigns/campaign.tsx'), 'Campaign'),
  screen(
    '/t/$slug/questionnaires',
    () => import('../screens/questionnaires/questionnaires.tsx'),
    'Questionnaires',
  ),
  filtered(
    '/t/$slug/questionnaires/$framework',
    () => import('../screens/questionnaires/framework.tsx'),
    'Framework',
    texts('part', 'format', 'json', 'campaign'),
  ),
  screen(
    '/t/$slug/questionnaires/$framework/publish',
    () => import('../screens/questionnaires/publish.tsx'),
    'Publish',
  ),
  screen(
    '/t/$slug/questionnaires/$framework/try',
    () => import('../screens/questionnaires/try.tsx'),
    'TryIt',
  ),
  screen(
    '/t/$slug/questionnaires/$framework/versions',
    () => import('../screens/questionnaires/versions.tsx'),
    'Versions',
  ),
  screen(
    '/t/$slug/questionnaires/$framework/versions/$version',
    () => import('../screens/questionnaires/version.tsx'),
    'Version',
  ),
  filtered(
    '/t/$slug/participants',
    () => import('../screens/participants/participants.tsx'),
    'Participants',
    participantSearch,
  ),
  screen(
    '/t/$slug/participants/$participant',
    () => import('../screens/participants/participant.tsx'),
    'Participant',
  ),
  screen(
    '/t/$slug/brand',
    () => import('../screens/brand/brand.tsx'),
    'BrandScreen',
    (slug) => [brandQuery(slug), fontsQuery(slug)],
  ),
  screen('/t/$slug/address', () => import('../screens/address/address.tsx'), 'AddressScreen'),
  filtered(
    '/t/$slug/notifications',
    () => import('../screens/notifications/inbox.tsx'),
    'Inbox',
    inboxSearch,
  ),
  screen(
    '/t/$slug/notifications/preferences',
    () => import('../screens/notifications/preferences.tsx'),
    'Preferences',
  ),
  screen(
    '/t/$slug/notifications/templates',
    () => import('../screens/notifications/templates.tsx'),
    'Templates',
  ),
  screen(
    '/t/$slug/notifications/templates/$template/$locale',
    () => import('../screens/notifications/template.tsx'),
    'Template',
  ),
  screen(
    '/t/$slug/notifications/providers',
    () => import('../screens/notifications/providers.tsx'),
    'Providers',
  ),
  screen(
    '/t/$slug/notifications/suppressions',
    () => import('../screens/notifications/suppressions.tsx'),
    'Suppressions',
  ),
  filtered('/t/$slug/notifications/log', () => import('../screens/notifications/log.tsx'), 'Log', logSearch),
  screen('/t/$slug/people', () => import('../screens/people/people.tsx'), 'People'),
  screen('/t/$slug/sso', () => import('../screens/sso/sso.tsx'), 'Sso'),
  screen('/t/$slug/keys', () => import('../screens/keys/keys.tsx'), 'Keys'),
  filtered(
    '/t/$slug/webhooks',
    () => import('../screens/webhooks/endpoints.tsx'),
    'Endpoints',
    texts('hours'),
  ),
  filtered(
    '/t/$slug/webhooks/deliveries',
    () => import('../screens/webhooks/deliveries.tsx'),
    'Deliveries',
    texts('endpoint', 'status', 'event_type', 'since', 'until'),
  ),
  screen(
    '/t/$slug/webhooks/deliveries/$message/$endpoint',
    () => import('../screens/webhooks/delivery.tsx'),
    'DeliveryScreen',
  ),
  filtered(
    '/t/$slug/webhooks/events',
    () => import('../screens/webhooks/events.tsx'),
    'EventTypes',
    texts('type'),
  ),
  filtered(
    '/t/$slug/webhooks/$endpoint',
    () => import('../screens/webhooks/endpoint.tsx'),
    'EndpointScreen',
    texts('hours'),
  ),
  filtered('/t/$slug/usage', () => import('../screens/usage/usage.tsx'), 'Usage', texts('days', 'by', 'of')),
  screen('/t/$slug/usage/meters', () => import('../screens/usage/meters.tsx'), 'Meters'),
  filtered(
    '/t/$slug/usage/meters/$meter',
    () => import('../screens/usage/meter.tsx'),
    'MeterScreen',
    texts('days', 'by'),
  ),
  filtered(
    '/t/$slug/usage/calls',
    () => import('../screens/usage/calls.tsx'),
    'LlmCalls',
    texts('model', 'status', 'since', 'until'),
  ),
  filtered(
    '/t/$slug/usage/tool-calls',
    () => import('../screens/usage/calls.tsx'),
    'ToolCalls',
    texts('tool', 'status', 'since', 'until'),
  ),
  filtered(
    '/t/$slug/usage/prices',
    () => import('../screens/usage/prices.tsx'),
    'Prices',
    texts('provider', 'model'),
  ),
  screen('/t/$slug/usage/model', () => import('../screens/usage/model.tsx'), 'ModelScreen'),
  screen('/t/$slug/credits', () => import('../screens/credits/credits.tsx'), 'Credits'),
  filtered(
    '/t/$slug/audit',
    () => import('../screens/audit/log.tsx'),
    'AuditLog',
    texts('action', 'actor', 'target', 'request_id', 'since', 'until', 'is_failure'),
  ),
  screen('/t/$slug/audit/check', () => import('../screens/audit/check.tsx'), 'AuditCheck'),
  screen('/t/$slug/audit/$seq', () => import('../screens/audit/entry.tsx'), 'AuditEntry'),
  screen('/t/$slug/isolation', () => import('../screens/isolation/isolation.tsx'), 'Isolation'),
  screen('/t/$slug/settings', () => import('../screens/settings/settings.tsx'), 'Settings'),
  filtered('/operator', () => import('../screens/operator/tenants.tsx'), 'OperatorTenants', tenantSearchIn),
  filtered('/operator/audit', () => import('../screens/operator/audit.tsx'), 'OperatorAudit', auditSearchIn),
  screen('/operator/queues', () => import('../screens/operator/queues.tsx'), 'OperatorQueues'),
  screen('/operator/tenants/$tenant', () => import('../screens/operator/tenant.tsx'), 'OperatorTenant'),
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
