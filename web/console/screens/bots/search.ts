import { drafts, type TrainingFilters } from '../../api/bot-training.ts'
import { oneOf } from '../../parts/search.ts'

export const shownParts = ['all', 'active', 'off', 'drafts'] as const

const filtersOf: Record<(typeof shownParts)[number], TrainingFilters> = {
  all: {},
  active: { is_active: 'true' },
  off: { is_active: 'false', has_answer: 'true' },
  drafts,
}

/** Which rows are listed. What an address has that cannot be meant is left out. */
export const trainingFilters = ({
  search,
  category,
  show,
}: {
  search?: string
  category?: string
  show?: string
}): TrainingFilters => ({
  ...filtersOf[oneOf(shownParts, show) ?? 'all'],
  ...(search && { search: search.slice(0, 200) }),
  ...(category && { category: category.slice(0, 80) }),
})
