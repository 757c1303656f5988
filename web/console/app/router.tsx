import type { QueryClient } from '@tanstack/react-query'
import { createRouter } from '@tanstack/react-router'
import { brandQuery, fontsQuery } from '../api/brand.ts'
import { overviewQuery } from '../api/overview.ts'
import { membersQuery, openInvitationsQuery } from '../api/people.ts'
import { texts } from '../parts/search.ts'
import { campaignSearch } from '../screens/campaigns/search.ts'
import { inboxSearch, logSearch } from '../screens/notifications/search.ts'
import { auditSearchIn, tenantSearchIn } from '../screens/operator/search.ts'
import { participantSearch } from '../screens/participants/search.ts'
import { files } from './files.ts'
import { auditRoutes, makeRoot, makersOf, routerOptions, webhookRoutes } from './routes.tsx'
import { Shell } from './shell.tsx'

const root = makeRoot(Shell)
const { screen, filtered } = makersOf(root)

const routeTree = root.addChildren([
  screen('/', files['/'], 'Tenants'),
  screen('/join', files['/join'], 'Join'),
  screen('/account', files['/account'], 'Account'),
  screen('/t/$slug', files['/t/$slug'], 'Home', (slug) => [overviewQuery(slug)]),
  screen('/t/$slug/contract', files['/t/$slug/contract'], 'ContractScreen'),
  filtered('/t/$slug/campaigns', files['/t/$slug/campaigns'], 'Campaigns', campaignSearch),
  screen('/t/$slug/campaigns/$campaign', files['/t/$slug/campaigns/$campaign'], 'Campaign'),
  screen('/t/$slug/questionnaires', files['/t/$slug/questionnaires'], 'Questionnaires'),
  filtered(
    '/t/$slug/questionnaires/$framework',
    files['/t/$slug/questionnaires/$framework'],
    'Framework',
    texts('part', 'format', 'json', 'campaign'),
  ),
  screen(
    '/t/$slug/questionnaires/$framework/publish',
    files['/t/$slug/questionnaires/$framework/publish'],
    'Publish',
  ),
  screen('/t/$slug/questionnaires/$framework/try', files['/t/$slug/questionnaires/$framework/try'], 'TryIt'),
  screen(
    '/t/$slug/questionnaires/$framework/versions',
    files['/t/$slug/questionnaires/$framework/versions'],
    'Versions',
  ),
  screen(
    '/t/$slug/questionnaires/$framework/versions/$version',
    files['/t/$slug/questionnaires/$framework/versions/$version'],
    'Version',
  ),
  filtered('/t/$slug/participants', files['/t/$slug/participants'], 'Participants', participantSearch),
  screen('/t/$slug/participants/$participant', files['/t/$slug/participants/$participant'], 'Participant'),
  screen('/t/$slug/bots', files['/t/$slug/bots'], 'Bots'),
  screen('/t/$slug/bots/$bot', files['/t/$slug/bots/$bot'], 'Shop'),
  filtered(
    '/t/$slug/bots/$bot/conversations',
    files['/t/$slug/bots/$bot/conversations'],
    'Conversations',
    texts('state', 'contact'),
  ),
  screen(
    '/t/$slug/bots/$bot/conversations/$contact',
    files['/t/$slug/bots/$bot/conversations/$contact'],
    'Conversation',
  ),
  screen('/t/$slug/bots/$bot/number', files['/t/$slug/bots/$bot/number'], 'NumberScreen'),
  screen('/t/$slug/bots/$bot/subscriptions', files['/t/$slug/bots/$bot/subscriptions'], 'Subscriptions'),
  screen('/t/$slug/bots/$bot/behaviour', files['/t/$slug/bots/$bot/behaviour'], 'Behaviour'),
  screen('/t/$slug/bots/$bot/templates', files['/t/$slug/bots/$bot/templates'], 'BotTemplates'),
  screen(
    '/t/$slug/bots/$bot/templates/$template',
    files['/t/$slug/bots/$bot/templates/$template'],
    'BotTemplate',
  ),
  filtered(
    '/t/$slug/bots/$bot/training',
    files['/t/$slug/bots/$bot/training'],
    'Training',
    texts('search', 'category', 'show'),
  ),
  screen('/t/$slug/bots/$bot/training/$row', files['/t/$slug/bots/$bot/training/$row'], 'TrainingRow'),
  screen('/t/$slug/bots/$bot/try', files['/t/$slug/bots/$bot/try'], 'Playground'),
  screen('/t/$slug/brand', files['/t/$slug/brand'], 'BrandScreen', (slug) => [
    brandQuery(slug),
    fontsQuery(slug),
  ]),
  screen('/t/$slug/address', files['/t/$slug/address'], 'AddressScreen'),
  filtered('/t/$slug/notifications', files['/t/$slug/notifications'], 'Inbox', inboxSearch),
  screen('/t/$slug/notifications/preferences', files['/t/$slug/notifications/preferences'], 'Preferences'),
  screen('/t/$slug/notifications/templates', files['/t/$slug/notifications/templates'], 'Templates'),
  screen(
    '/t/$slug/notifications/templates/$template/$locale',
    files['/t/$slug/notifications/templates/$template/$locale'],
    'Template',
  ),
  screen('/t/$slug/notifications/providers', files['/t/$slug/notifications/providers'], 'Providers'),
  screen('/t/$slug/notifications/suppressions', files['/t/$slug/notifications/suppressions'], 'Suppressions'),
  filtered('/t/$slug/notifications/log', files['/t/$slug/notifications/log'], 'Log', logSearch),
  screen('/t/$slug/people', files['/t/$slug/people'], 'People', (slug) => [
    membersQuery(slug),
    // A refusal would stand in the audit log.
    { needs: 'manage', query: openInvitationsQuery(slug) },
  ]),
  screen('/t/$slug/sso', files['/t/$slug/sso'], 'Sso'),
  screen('/t/$slug/keys', files['/t/$slug/keys'], 'Keys'),
  screen('/t/$slug/webhooks/inbox', files['/t/$slug/webhooks/inbox'], 'WebhookInbox'),
  ...webhookRoutes(root),
  filtered('/t/$slug/usage', files['/t/$slug/usage'], 'Usage', texts('days', 'by', 'of')),
  screen('/t/$slug/usage/meters', files['/t/$slug/usage/meters'], 'Meters'),
  filtered(
    '/t/$slug/usage/meters/$meter',
    files['/t/$slug/usage/meters/$meter'],
    'MeterScreen',
    texts('days', 'by'),
  ),
  filtered(
    '/t/$slug/usage/calls',
    files['/t/$slug/usage/calls'],
    'LlmCalls',
    texts('model', 'status', 'since', 'until'),
  ),
  filtered(
    '/t/$slug/usage/tool-calls',
    files['/t/$slug/usage/tool-calls'],
    'ToolCalls',
    texts('tool', 'status', 'since', 'until'),
  ),
  filtered('/t/$slug/usage/prices', files['/t/$slug/usage/prices'], 'Prices', texts('provider', 'model')),
  screen('/t/$slug/usage/model', files['/t/$slug/usage/model'], 'ModelScreen'),
  screen('/t/$slug/credits', files['/t/$slug/credits'], 'Credits'),
  ...auditRoutes(root),
  screen('/t/$slug/audit/check', files['/t/$slug/audit/check'], 'AuditCheck'),
  screen('/t/$slug/isolation', files['/t/$slug/isolation'], 'Isolation'),
  screen('/t/$slug/settings', files['/t/$slug/settings'], 'Settings'),
  filtered('/operator', files['/operator'], 'OperatorTenants', tenantSearchIn),
  filtered('/operator/audit', files['/operator/audit'], 'OperatorAudit', auditSearchIn),
  screen('/operator/queues', files['/operator/queues'], 'OperatorQueues'),
  screen('/operator/tenants/$tenant', files['/operator/tenants/$tenant'], 'OperatorTenant'),
])

export const makeRouter = (queries: QueryClient) =>
  createRouter({ routeTree, context: { queries, user: undefined! }, ...routerOptions })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
