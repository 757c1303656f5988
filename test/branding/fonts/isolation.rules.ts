import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  privateFunctions: {
    list_font_families: 'says which fonts there are, the same for all',
    is_served_font: 'says whether there is a font, the same for all',
    generic_font: 'pure; the warnings of a brand call it',
  },
} satisfies IsolationRules
