import { sharedFiles } from './shared-files.ts'

/** The file of each screen, by its address. The router reads it, and the page asks by it for its first screen. */
export const files = {
  '/': () => import('../screens/tenants/tenants.tsx'),
  '/join': () => import('../screens/join/join.tsx'),
  '/account': () => import('../screens/account/account.tsx'),
  '/t/$slug': () => import('../screens/home/home.tsx'),
  '/t/$slug/contract': () => import('../screens/contract/contract.tsx'),
  '/t/$slug/campaigns': () => import('../screens/campaigns/campaigns.tsx'),
  '/t/$slug/campaigns/$campaign': () => import('../screens/campaigns/campaign.tsx'),
  '/t/$slug/questionnaires': () => import('../screens/questionnaires/questionnaires.tsx'),
  '/t/$slug/questionnaires/$framework': () => import('../screens/questionnaires/framework.tsx'),
  '/t/$slug/questionnaires/$framework/publish': () => import('../screens/questionnaires/publish.tsx'),
  '/t/$slug/questionnaires/$framework/try': () => import('../screens/questionnaires/try.tsx'),
  '/t/$slug/questionnaires/$framework/versions': () => import('../screens/questionnaires/versions.tsx'),
  '/t/$slug/questionnaires/$framework/versions/$version': () =>
    import('../screens/questionnaires/version.tsx'),
  '/t/$slug/participants': () => import('../screens/participants/participants.tsx'),
  '/t/$slug/participants/$participant': () => import('../screens/participants/participant.tsx'),
  '/t/$slug/bots': () => import('../screens/bots/bots.tsx'),
  '/t/$slug/bots/$bot': () => import('../screens/bots/shop.tsx'),
  '/t/$slug/bots/$bot/conversations': () => import('../screens/bots/conversations/conversations.tsx'),
  '/t/$slug/bots/$bot/conversations/$contact': () => import('../screens/bots/conversations/conversation.tsx'),
  '/t/$slug/bots/$bot/number': () => import('../screens/bots/number/number.tsx'),
  '/t/$slug/bots/$bot/subscriptions': () => import('../screens/bots/subscriptions/subscriptions.tsx'),
  '/t/$slug/bots/$bot/behaviour': () => import('../screens/bots/behaviour.tsx'),
  '/t/$slug/bots/$bot/templates': () => import('../screens/bots/bot-templates.tsx'),
  '/t/$slug/bots/$bot/templates/$template': () => import('../screens/bots/bot-template.tsx'),
  '/t/$slug/bots/$bot/training': () => import('../screens/bots/training.tsx'),
  '/t/$slug/bots/$bot/training/$row': () => import('../screens/bots/training-row.tsx'),
  '/t/$slug/bots/$bot/try': () => import('../screens/bots/playground.tsx'),
  '/t/$slug/brand': () => import('../screens/brand/brand.tsx'),
  '/t/$slug/address': () => import('../screens/address/address.tsx'),
  '/t/$slug/notifications': () => import('../screens/notifications/inbox.tsx'),
  '/t/$slug/notifications/preferences': () => import('../screens/notifications/preferences.tsx'),
  '/t/$slug/notifications/templates': () => import('../screens/notifications/templates.tsx'),
  '/t/$slug/notifications/templates/$template/$locale': () => import('../screens/notifications/template.tsx'),
  '/t/$slug/notifications/providers': () => import('../screens/notifications/providers.tsx'),
  '/t/$slug/notifications/suppressions': () => import('../screens/notifications/suppressions.tsx'),
  '/t/$slug/notifications/log': () => import('../screens/notifications/log.tsx'),
  '/t/$slug/people': () => import('../screens/people/people.tsx'),
  '/t/$slug/sso': () => import('../screens/sso/sso.tsx'),
  '/t/$slug/keys': () => import('../screens/keys/keys.tsx'),
  '/t/$slug/usage': () => import('../screens/usage/usage.tsx'),
  '/t/$slug/usage/meters': () => import('../screens/usage/meters.tsx'),
  '/t/$slug/usage/meters/$meter': () => import('../screens/usage/meter.tsx'),
  '/t/$slug/usage/calls': () => import('../screens/usage/calls.tsx'),
  '/t/$slug/usage/tool-calls': () => import('../screens/usage/calls.tsx'),
  '/t/$slug/usage/prices': () => import('../screens/usage/prices.tsx'),
  '/t/$slug/usage/model': () => import('../screens/usage/model.tsx'),
  '/t/$slug/credits': () => import('../screens/credits/credits.tsx'),
  '/t/$slug/audit/check': () => import('../screens/audit/check.tsx'),
  '/t/$slug/isolation': () => import('../screens/isolation/isolation.tsx'),
  '/t/$slug/settings': () => import('../screens/settings/settings.tsx'),
  '/operator': () => import('../screens/operator/tenants.tsx'),
  '/operator/audit': () => import('../screens/operator/audit.tsx'),
  '/operator/queues': () => import('../screens/operator/queues.tsx'),
  '/operator/tenants/$tenant': () => import('../screens/operator/tenant.tsx'),
  '/t/$slug/webhooks/inbox': () => import('../screens/webhooks/inbox/webhook-inbox.tsx'),
  ...sharedFiles,
}

/** The file of the screen at an address. A word of an address goes before a place for any. */
export function fileAt(path: string): (() => Promise<unknown>) | undefined {
  const here = path.split('/').filter(Boolean)
  const [found] = Object.entries(files)
    .map(([pattern, load]) => ({ parts: pattern.split('/').filter(Boolean), load }))
    .filter(
      ({ parts }) =>
        parts.length === here.length && parts.every((part, at) => part.startsWith('$') || part === here[at]),
    )
    .sort((one, other) => placesIn(one.parts) - placesIn(other.parts))
  return found?.load
}

const placesIn = (parts: string[]) => parts.filter((part) => part.startsWith('$')).length
