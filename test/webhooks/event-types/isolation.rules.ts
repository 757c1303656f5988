import { everyoneId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    webhook_event_types: {
      columns: 'type version description is_operational schema example created_at',
      key: `'${everyoneId}'::uuid`,
      select: 'everyone',
      directory: 'type',
      service: 'select',
      attempts: [
        {
          as: 'owner',
          before: 'grant insert on public.webhook_event_types to authenticated',
          tries: `insert into public.webhook_event_types (type, description, schema, example)
            values ('probe.made', 'Probe', '{"type": "object"}', '{}')`,
          gives: 'refused',
        },
      ],
    },
  },
} satisfies IsolationRules
