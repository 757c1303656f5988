import type { EmailMessage } from '../../../lib/notifications/senders/message.ts'

export const mailFor = (to: string, change: Partial<EmailMessage> = {}): EmailMessage => ({
  message_id: '<0190@mail.tenantry>',
  from: { name: 'Ada "the first" Lovelace', address: 'ada@example.com' },
  reply_to: 'reply@example.com',
  to,
  subject: 'Grüezi 😀',
  html: '<p>Hello</p>',
  text: 'Hello',
  unsubscribe_url: 'https://example.com/u/1',
  reference: 'tenant.job',
  ...change,
})
