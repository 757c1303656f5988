import { idOf, rowId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  functions: {
    forget_person: {
      needs: 'manage',
      service: true,
      call: (tenant) => `select public.forget_person('${idOf(tenant)}', 'nobody@example.com') ->> 'none'`,
    },
    forget_participant: {
      needs: 'manage',
      service: true,
      call: (tenant) =>
        `select public.forget_participant('${idOf(tenant)}', '${rowId('participant_sessions', tenant)}') ->> 'none'`,
    },
  },
} satisfies IsolationRules
