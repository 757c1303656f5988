import { keyWith, manager, type RouteRules } from '../../kit/rules/routes.ts'

export default {
  'POST /notifications/messages': {
    noScreen: 'a program sends them',
    may: [manager, keyWith('notifications:write')],
    gives: 202,
    unaudited: 'a job is a record itself, and the log has each attempt',
    // A number, for which the stack has no provider: nobody is sent anything.
    body: () => ({ channel: 'sms', to: '+447700900123', template: 'welcome', data: { name: 'Ada' } }),
  },
} satisfies RouteRules
