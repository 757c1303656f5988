import { idOf, rowId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {},
  privateCalls: {
    invite_participants: {
      needs: 'write',
      call: (
        tenant,
      ) => `select private.invite_participants('${idOf(tenant)}', '${rowId('campaigns', tenant)}', 'likert', 'en',
        '{ada@example.com}', '{Ada Example}', '{en}', array[repeat('a', 43)])`,
    },
  },
  privateFunctions: {
    invite_participants:
      'asks for write; here and not in public, because only the edge function makes the tokens',
  },
  rows: {},
} satisfies IsolationRules
