import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'a column that names another row is a foreign key': {
    'email_templates.source_template_id':
      'a row of the platform tenant, so it is no key with the own tenant; migrations alone write those',
  },
} satisfies CatalogRules
