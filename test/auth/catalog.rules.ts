import type { CatalogRules } from '../kit/rules/catalog.ts'

export default {
  'any other has one as well, unless Postgres is to inline it': {
    is_trusted_caller: 'every call of a function asks it; it names nothing that a search_path could change',
    is_writable: 'each statement of a member asks it; it names nothing that a search_path could change',
    is_write_permission:
      'each statement of a member asks it; it names nothing that a search_path could change',
  },
} satisfies CatalogRules
