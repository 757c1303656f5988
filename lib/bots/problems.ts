import { declareConstraints, declareProblems } from '../db/index.ts'

const phone = 'must be a telephone number such as +447700900145'
const plain = 'must be text without control characters'

const problems = declareProblems({
  contact_opted_out: { status: 409, title: 'The contact does not want to be written to' },
  contact_gone: { status: 409, title: 'Whoever paid is no contact any more' },
  already_subscribed: { status: 409, title: 'The contact has this plan already' },
  window_closed: { status: 409, title: 'WhatsApp lets nobody write to this contact now' },
  handshake_refused: { status: 403, title: 'The handshake is refused' },
  too_many_number_checks: {
    status: 429,
    title: 'Too many checks of WhatsApp numbers',
    retryAfterSeconds: 3_600,
  },
})

declare module '../db/problem-codes.ts' {
  interface ProblemCodes extends Record<keyof typeof problems, true> {}
}

declareConstraints({
  bot_name_is_text: { pointer: '/client_name', detail: plain },
  bot_phone_is_a_number: { pointer: '/client_phone', detail: phone },
  bot_phone_is_its_own: { pointer: '/client_phone', detail: 'is the number of another bot' },
  bot_email_is_an_address: { pointer: '/client_email', detail: 'must be an e-mail address' },
  bot_contact_is_text: { pointer: '/point_of_contact_name', detail: plain },
  bot_contact_phone_is_a_number: { pointer: '/point_of_contact_phone', detail: phone },
  business_profile_is_texts: {
    pointer: '/business_profile',
    detail: 'must be at most 40 texts without control characters, each of 2,000 characters at most',
  },
  bot_metadata_is_small: { pointer: '/metadata', detail: 'must be an object of at most 8192 bytes' },
  template_name_is_its_own: {
    pointer: '/template_name',
    detail: 'is the name of another template of the bot',
  },
  template_name_is_text: { pointer: '/template_name', detail: plain },
  template_description_is_text: { pointer: '/description', detail: plain },
  system_prompt_is_text: { pointer: '/system_prompt', detail: plain },
  conversation_context_is_small: {
    pointer: '/conversation_context',
    detail: 'must be an object of at most 8192 bytes',
  },
  default_template_is_active: {
    pointer: '/is_active',
    detail: 'must be true for the default template: make another one the default first',
  },
  bot_template_metadata_is_small: { pointer: '/metadata', detail: 'must be an object of at most 8192 bytes' },
  training_question_is_text: { pointer: '/question', detail: plain },
  training_answer_is_text: { pointer: '/answer', detail: plain },
  active_training_data_has_an_answer: { pointer: '/answer', detail: 'is missing: an active row answers' },
  training_category_is_text: { pointer: '/category', detail: plain },
  escalation_email_is_an_address: { pointer: '/escalation_email', detail: 'must be an e-mail address' },
  subscribe_words_are_words: {
    pointer: '/subscribe_words',
    detail: 'must be 1 to 10 words, none of them a number, START, or a word for STOP',
  },
  default_template_is_for_everybody: {
    pointer: '/min_level',
    detail: 'must be 0 for the default template: make another one the default first',
  },
  bot_plan_name_is_its_own: { pointer: '/plan_name', detail: 'is the name of another plan of the bot' },
  bot_plan_name_is_text: { pointer: '/plan_name', detail: plain },
  bot_plan_amount_is_whole_shillings: {
    pointer: '/amount_minor',
    detail: 'must be whole shillings, from 1 to 250,000',
  },
  mpesa_url_is_a_url: { pointer: '/base_url', detail: 'must be a URL without a query' },
  escalation_phone_is_a_number: { pointer: '/escalation_phone', detail: phone },
  phone_number_id_is_digits: { pointer: '/whatsapp_phone_number_id', detail: 'must be digits' },
  business_account_id_is_digits: { pointer: '/whatsapp_business_account_id', detail: 'must be digits' },
  bot_settings_metadata_is_small: { pointer: '/metadata', detail: 'must be an object of at most 8192 bytes' },
})
