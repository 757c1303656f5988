import { declareConstraints, declareProblems } from '../db/index.ts'

const problems = declareProblems({
  invalid_brand: { status: 422, title: 'The brand has values that cannot be used' },
  invalid_email_config: { status: 422, title: 'The e-mail settings have values that cannot be used' },
  read_only_column: { status: 422, title: 'This column is read-only' },
  assessment_in_use: { status: 409, title: 'Campaigns are open for the assessment' },
  too_many_domains: { status: 403, title: 'Too many domains' },
  domain_invalid: { status: 422, title: 'This is not a domain' },
  domain_reserved: { status: 422, title: 'The domain cannot be claimed' },
  domain_taken: { status: 409, title: 'Another tenant holds the domain' },
  domain_not_verified: { status: 409, title: 'The domain is not verified' },
  domain_just_checked: { status: 429, title: 'The domain was just checked', retryAfterSeconds: 10 },
})

declare module '../db/problem-codes.ts' {
  interface ProblemCodes extends Record<keyof typeof problems, true> {}
}

declareConstraints({
  display_name_is_text: { pointer: '/display_name', detail: 'must be text without control characters' },
  coach_photo_is_a_picture: {
    pointer: '/coach_photo',
    detail: 'must be an https URL, or the path of an uploaded picture',
  },
  coach_photo_is_its_own: { pointer: '/coach_photo', detail: 'is a picture of another tenant' },
  logo_is_its_own: { pointer: '/brand/logo/url', detail: 'is a picture of another tenant' },
  website_url_is_https: { pointer: '/website_url', detail: 'must be an https URL' },
  booking_url_is_https: { pointer: '/booking_url', detail: 'must be an https URL' },
  quiz_url_is_https: { pointer: '/canonical_quiz_url', detail: 'must be an https URL' },
  slug_prefix_is_a_path_word: {
    pointer: '/slug_prefix',
    detail: 'must be a word of letters, digits and hyphens',
  },
})
