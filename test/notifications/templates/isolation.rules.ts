import { idOf, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    email_templates: {
      columns:
        'tenant_id id ref_id slug locale name subject body_html body_text variables category source_template_id is_active send_via version created_at updated_at created_by updated_by revision',
      key: 'tenant_id',
      select: 'read_admin',
      service: 'all',
      attempts: [
        {
          // Past the check of what stands in braces.
          as: 'owner',
          before: 'grant insert on public.email_templates to authenticated',
          tries: `insert into public.email_templates (tenant_id, slug, name, subject, body_html)
            values ('${tenantId('home')}', 'notification', 'Mine', '{{{secret}}}', 'Mine')`,
          gives: 'refused',
        },
      ],
    },
  },
  functions: {
    read_mail_look: {
      needs: 'read_admin',
      call: (tenant) => `select public.read_mail_look('${idOf(tenant)}')`,
    },
  },
  rows: {
    'public.email_templates': (tenant) => `(tenant_id, slug, name, subject, body_html)
      values ('${tenantId(tenant)}', 'matrix', 'Matrix', 'Matrix', 'Matrix')`,
  },
} satisfies IsolationRules
