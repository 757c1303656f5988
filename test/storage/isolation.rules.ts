import { idOf } from '../isolation/matrix/callers.ts'
import type { IsolationRules } from '../isolation/matrix/rules.ts'

export default {
  privateCalls: {
    require_upload_turn: {
      needs: 'write',
      call: (tenant) => `select private.require_upload_turn('${idOf(tenant)}')`,
    },
  },
  privateFunctions: {
    require_upload_turn:
      'asks for write; here and not in public, because only the edge function has the file',
  },
} satisfies IsolationRules
