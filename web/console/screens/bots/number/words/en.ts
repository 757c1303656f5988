import type { NumberProblem } from '../../../../api/bot-number.ts'

export default {
  seenByManagers: 'Admins and owners see the number of a bot.',
  none: 'This bot has no WhatsApp number. Without one it answers nobody.',

  state: 'State of the number',
  verified: 'Meta knows the number, and the bot may answer.',
  notVerified: 'The number is not verified yet. Until then the bot answers nobody.',
  paused: (at: string, why: string) => `The bot sends nothing since ${at}: ${why}`,
  tokenInvalid: 'Meta does not accept the access token any more. Enter a new one, and verify the number.',
  phone: 'Number',
  name: 'Name at WhatsApp',
  verifiedAt: 'Verified',
  tokenEnds: 'The access token ends',
  checkedAt: 'Meta was asked',
  verify: 'Verify',
  asking: 'Meta is asked …',
  remove: 'Remove the number',
  removeTitle: 'Remove the number?',
  removeLead: 'Its secrets are forgotten, and the bot answers nobody. The conversations stay.',
  /** What Meta found wrong. In English the server says it. */
  problems: {} as Partial<Record<NumberProblem['code'], string>>,

  atMeta: 'What Meta is told',
  atMetaLead:
    'Verifying tells Meta both by itself. If you enter them by hand, they stand in your app under WhatsApp, Configuration.',
  callback: 'Callback URL',
  copyCallback: 'Copy the callback URL',
  verifyToken: 'Verify token',
  tokenLead: 'Meta sends it when it asks whether the callback URL is yours.',
  tokenMade: 'Verify token made',
  tokenBefore: 'The one before',
  countsUntil: (at: string) => `counts until ${at}`,
  reveal: 'Show the verify token',
  rotate: 'Make a new verify token',
  rotateTitle: 'Make a new verify token?',
  rotateLead: 'The one before counts for a week. Verify the number, or enter the new one at Meta until then.',

  connect: 'Connect a number',
  change: 'Change the number',
  field: {
    whatsapp_phone_number_id: 'Phone number ID',
    whatsapp_business_account_id: 'WhatsApp Business Account ID',
    access_token: 'Access token',
    app_secret: 'App secret',
  },
  idHint: {
    whatsapp_phone_number_id: 'Digits, from the page API Setup of your app. It is not the number itself.',
    whatsapp_business_account_id:
      'Digits, from the same page. With another id, the number is verified again.',
  },
  saved: 'Saved.',
  secretOnce: 'It is stored, and shown to nobody again.',
  secretStays: 'One is stored. Leave this empty to keep it.',
}
