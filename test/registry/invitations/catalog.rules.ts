import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'every definer in public is one that asks for permission, or is listed': {
    accept_invitation: 'the token and the confirmed address are the permission',
  },
} satisfies CatalogRules
