import { z } from 'zod'
import { SesSettings } from '../senders/settings.ts'
import { type CallbackEvent, type CallbackRequest, jobOf, parseJson } from './event.ts'
import { type FetchText, isAmazon, SnsMessage, verifySns } from './sns.ts'

/** The message of SNS, if SNS signed it and it is of the topic of these settings. */
export async function verifySes(
  { body }: CallbackRequest,
  config: unknown,
  fetch?: FetchText,
): Promise<SnsMessage | undefined> {
  const { topic_arn } = SesSettings.loose().parse(config)
  const message = SnsMessage.safeParse(parseJson(body)).data
  // Anybody can have SNS sign a message of a topic of their own.
  if (!message || topic_arn === undefined || message.TopicArn !== topic_arn) return undefined
  return (await verifySns(message, fetch)) ? message : undefined
}

/** Where a subscription is confirmed, if a message asks for that. */
export function confirmationUrl({ Type, SubscribeURL }: SnsMessage): string | undefined {
  return Type === 'SubscriptionConfirmation' && isAmazon(SubscribeURL) ? SubscribeURL : undefined
}

const Recipients = z.array(
  z.object({ emailAddress: z.string().max(320), diagnosticCode: z.string().optional() }),
)
const Feedback = z.object({
  // The first is of event publishing, the second of an identity's notifications.
  eventType: z.string().optional(),
  notificationType: z.string().optional(),
  mail: z.object({
    messageId: z.string().min(1).max(200),
    destination: z.array(z.string().max(320)).optional(),
    tags: z.record(z.string(), z.array(z.string())).optional(),
  }),
  bounce: z.object({ bounceType: z.string(), bouncedRecipients: Recipients }).optional(),
  complaint: z.object({ complainedRecipients: Recipients }).optional(),
})

/** What SES says in a message of SNS. One mail has one reader here. */
export function readSes({ Type, MessageId, Message }: SnsMessage): CallbackEvent[] {
  const said = Type === 'Notification' ? Feedback.safeParse(parseJson(Message)).data : undefined
  const meaning = said && meaningOf(said)
  if (!said || !meaning) return []
  const [reader] = said.bounce?.bouncedRecipients ?? said.complaint?.complainedRecipients ?? []
  return [
    {
      event_id: MessageId,
      ...jobOf(said.mail.tags?.job?.[0]),
      message_id: said.mail.messageId,
      ...meaning,
      address: reader?.emailAddress ?? said.mail.destination?.[0] ?? null,
      detail: reader?.diagnosticCode ?? said.eventType ?? said.notificationType ?? '',
    },
  ]
}

function meaningOf({
  eventType,
  notificationType,
  bounce,
}: z.output<typeof Feedback>): Pick<CallbackEvent, 'status' | 'feedback'> | undefined {
  switch (eventType ?? notificationType) {
    case 'Send':
      return { status: 'sent', feedback: null }
    case 'Delivery':
      return { status: 'delivered', feedback: null }
    case 'Bounce':
      return { status: 'failed', feedback: bounce?.bounceType === 'Permanent' ? 'hard' : 'soft' }
    case 'Reject':
    case 'Rendering Failure':
      return { status: 'failed', feedback: null }
    case 'Complaint':
      return { status: null, feedback: 'complaint' }
    default:
      return undefined
  }
}
