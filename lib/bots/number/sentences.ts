/** What a check of a number may find wrong, and what somebody who reads it does about it. */
export const problemSentences = {
  token_invalid:
    'Meta does not accept the access token. Make a new one for a system user of your business, and enter it.',
  token_expired:
    'The access token has expired. Make a new one for a system user, one that never expires if you can, and enter it.',
  scope_missing:
    'The access token lacks a permission. Make one with whatsapp_business_messaging and whatsapp_business_management, for a system user to whom the account is assigned.',
  app_secret_wrong:
    'The app secret is not that of the app for which the access token was made. Copy it from App settings, Basic.',
  number_not_found:
    'The access token opens no number with this id. Copy the phone number ID, which is not the number itself, and assign the account to the system user.',
  account_not_found:
    'The access token opens no WhatsApp Business Account with this id. Copy its ID from the page API Setup, and assign the account to the system user.',
  wrong_account: 'The number is not one of this WhatsApp Business Account. Copy both ids from one page.',
  number_taken:
    'This number is connected to another bot already. Disconnect it there before you connect it here.',
  callback_refused:
    'Meta could not reach the callback URL, or did not like its answer. Verify once more; if it stays so, tell the platform.',
  refused:
    'Meta refused to answer. Look at the status of your business and of the account at business.facebook.com.',
  unreachable: 'Meta gave no answer. Nothing has changed. Try again later.',
} as const

export type NumberProblemCode = keyof typeof problemSentences

/** These say nothing of the number itself: what was verified stays verified. */
export const passingProblems: readonly NumberProblemCode[] = ['unreachable', 'callback_refused']
