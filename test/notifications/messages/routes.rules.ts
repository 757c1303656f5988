import { keyWith, manager, type RouteRules } from '../../kit/rules/routes.ts'

export default {
  'POST /notifications/messages': {
    may: [manager, keyWith('notifications:write')],
    gives: 202,
    // A number, for which the stack has no provider: nobody is sent anything.
    body: () => ({ channel: 'sms', to: '+447700900123', template: 'welcome', data: { name: 'Ada' } }),
  },
} satisfies RouteRules
