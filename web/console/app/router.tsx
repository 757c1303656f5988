import type { QueryClient } from '@tanstack/react-query'
import { createRouter } from '@tanstack/react-router'
import { brandQuery, fontsQuery } from '../api/brand.ts'
import { overviewQuery } from '../api/overview.ts'
import { texts } from '../parts/search.ts'
import { campaignSearch } from '../screens/campaigns/search.ts'
import { inboxSearch, logSearch } from '../screens/notifications/search.ts'
import { auditSearchIn, tenantSearchIn } from '../screens/operator/search.ts'
import { participantSearch } from '../screens/participants/search.ts'
import { auditRoutes, makeRoot, makersOf, routerOptions, webhookRoutes } from './routes.tsx'
import { Shell } from './shell.tsx'

const root = makeRoot(Shell)
const { screen, filtered } = makersOf(root)

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
  screen('/t/$slug/bots', () => import('../screens/bots/bots.tsx'), 'Bots'),
  screen('/t/$slug/bots/$bot', () => import('../screens/bots/shop.tsx'), 'Shop'),
  filtered(
    '/t/$slug/bots/$bot/conversations',
    () => import('../screens/bots/conversations/conversations.tsx'),
    'Conversations',
    texts('state', 'contact'),
  ),
  screen(
    '/t/$slug/bots/$bot/conversations/$contact',
    () => import('../screens/bots/conversations/conversation.tsx'),
    'Conversation',
  ),
  screen('/t/$slug/bots/$bot/number', () => import('../screens/bots/number/number.tsx'), 'NumberScreen'),
  screen(
    '/t/$slug/bots/$bot/subscriptions',
    () => import('../screens/bots/subscriptions/subscriptions.tsx'),
    'Subscriptions',
  ),
  screen('/t/$slug/bots/$bot/behaviour', () => import('../screens/bots/behaviour.tsx'), 'Behaviour'),
  screen('/t/$slug/bots/$bot/templates', () => import('../screens/bots/bot-templates.tsx'), 'BotTemplates'),
  screen(
    '/t/$slug/bots/$bot/templates/$template',
    () => import('../screens/bots/bot-template.tsx'),
    'BotTemplate',
  ),
  filtered(
    '/t/$slug/bots/$bot/training',
    () => import('../screens/bots/training.tsx'),
    'Training',
    texts('search', 'category', 'show'),
  ),
  screen('/t/$slug/bots/$bot/training/$row', () => import('../screens/bots/training-row.tsx'), 'TrainingRow'),
  screen('/t/$slug/bots/$bot/try', () => import('../screens/bots/playground.tsx'), 'Playground'),
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
  ...webhookRoutes(root),
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
  ...auditRoutes(root),
  screen('/t/$slug/audit/check', () => import('../screens/audit/check.tsx'), 'AuditCheck'),
  screen('/t/$slug/isolation', () => import('../screens/isolation/isolation.tsx'), 'Isolation'),
  screen('/t/$slug/settings', () => import('../screens/settings/settings.tsx'), 'Settings'),
  filtered('/operator', () => import('../screens/operator/tenants.tsx'), 'OperatorTenants', tenantSearchIn),
  filtered('/operator/audit', () => import('../screens/operator/audit.tsx'), 'OperatorAudit', auditSearchIn),
  screen('/operator/queues', () => import('../screens/operator/queues.tsx'), 'OperatorQueues'),
  screen('/operator/tenants/$tenant', () => import('../screens/operator/tenant.tsx'), 'OperatorTenant'),
])

export const makeRouter = (queries: QueryClient) =>
  createRouter({ routeTree, context: { queries, user: undefined! }, ...routerOptions })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
