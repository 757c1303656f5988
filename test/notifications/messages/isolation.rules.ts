import { idOf } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  functions: {
    send_message: {
      needs: 'manage',
      scope: 'notifications:write',
      service: true,
      call: (tenant) =>
        `select public.send_message('${idOf(tenant)}', 'sms', '+447700900123', 'welcome', '{"name": "Ada"}')`,
    },
  },
} satisfies IsolationRules
