import { idOf } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  functions: {
    forget_person: {
      needs: 'manage',
      service: true,
      call: (tenant) => `select public.forget_person('${idOf(tenant)}', 'nobody@example.com') ->> 'none'`,
    },
  },
} satisfies IsolationRules
