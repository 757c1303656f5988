import { declareConstraints, declareProblems } from '../db/index.ts'

const problems = declareProblems({
  unknown_assessment: { status: 422, title: 'There is no such assessment' },
  assessment_not_enabled: { status: 422, title: 'The tenant has not enabled this assessment' },
  campaign_not_open: { status: 409, title: 'The campaign takes no participants' },
  framework_not_found: { status: 404, title: 'There is no such framework' },
  suggestion_unusable: { status: 502, title: 'The model proposed nothing that fits' },
  draft_not_found: { status: 404, title: 'There is no draft' },
  version_not_kept: { status: 404, title: 'This version is not kept' },
  campaign_not_found: { status: 404, title: 'There is no such campaign' },
  participant_not_found: { status: 404, title: 'There is no such participant' },
  followup_not_found: { status: 404, title: 'There is no such follow-up' },
  followup_settled: { status: 409, title: 'The follow-up was sent or cancelled before' },
  address_suppressed: { status: 409, title: 'An address gets no mail of this tenant' },
  invited_too_soon: { status: 429, title: 'Somebody was just invited', retryAfterSeconds: 3_600 },
  token_taken: { status: 409, title: 'The token belongs to another session' },
  session_not_found: { status: 404, title: 'There is no such session' },
  session_completed: { status: 409, title: 'The session is completed' },
  session_not_completed: { status: 409, title: 'The session is not completed' },
  contact_required: { status: 422, title: 'Say how you can be reached' },
  nothing_answered: { status: 422, title: 'Nothing was answered' },
  too_many_sessions: { status: 429, title: 'Too many sessions', retryAfterSeconds: 3_600 },
  draft_changed: { status: 412, title: 'Somebody else has changed the draft' },
  bio_changed: { status: 412, title: 'Somebody else has changed the bio' },
  document_not_uploaded: { status: 409, title: 'The file of the document has not arrived' },
  too_many_scheduled: { status: 403, title: 'Too many scheduled changes' },
})

const configSize =
  'has a part that is too large, or too many values: each part may have 64 or 256 KiB, and all together 10,000 values'
declareConstraints({
  campaign_name_is_text: { pointer: '/name', detail: 'must be text without control characters' },
  campaign_closes_after_it_opens: { pointer: '/closes_at', detail: 'must be after it opens' },
  campaign_landing_is_text: {
    pointer: '/landing',
    detail: 'must have a headline of 200 characters and an intro of 2,000, or one of them, and nothing else',
  },
  status_fits_what_happened: {
    pointer: '/client_status',
    detail:
      'must fit what has happened: whoever has begun or completed an assessment has not just registered',
  },
  participant_is_text: { pointer: '/full_name', detail: 'must be text without control characters' },
  config_reason_is_text: { pointer: '/reason', detail: 'must be text without control characters' },
  bio_headline_is_text: {
    pointer: '/headline',
    detail: 'must be one line of text without control characters',
  },
  bio_background_is_text: { pointer: '/background', detail: 'must be text without control characters' },
  bio_goals_are_text: { pointer: '/goals', detail: 'must be text without control characters' },
  bio_notes_are_text: { pointer: '/notes', detail: 'must be text without control characters' },
  document_name_fits_its_type: {
    pointer: '/name',
    detail: 'must be the name of a file, without a folder, and have the ending of its type',
  },
  draft_reason_is_text: { pointer: '/reason', detail: 'must be text without control characters' },
  draft_is_small: { pointer: '', detail: configSize },
  config_is_small: { pointer: '', detail: configSize },
})

declare module '../db/problem-codes.ts' {
  interface ProblemCodes extends Record<keyof typeof problems, true> {}
}
