import { z } from 'zod'
import { type PhoneMessage, storable, type Verdict, verdict } from '../senders/message.ts'
import { type Sender, sendMail, sendToPhone } from '../senders/send.ts'
import { isOnThisMachine } from '../senders/settings.ts'
import { lookOf, type StoredLook } from '../templates/look.ts'
import { renderMail, type Words } from '../templates/render.ts'
import type { EmailTemplateVariable } from '../templates/schema.ts'
import {
  applicationUrl,
  callbackUrl,
  campaignUrl,
  consoleUrl,
  mayReach,
  unsubscribePage,
  unsubscribeUrl,
} from './settings.ts'

/** A job with everything that it needs, as private.read_notification_jobs() gives it. */
export interface ReadyJob {
  tenant_id: string
  job_id: string
  channel: 'email' | 'sms' | 'whatsapp'
  /** Why it is not sent. */
  stop: 'skipped' | 'suppressed' | 'unknown' | null
  address: string | null
  locale: string
  data: Record<string, unknown>
  words: (Words & { version: number; variables: EmailTemplateVariable[] }) | null
  look: StoredLook
  provider_id: string | null
  provider_ref: string | null
  provider: string | null
  config: unknown
  secret: string | null
  unsubscribe_token: string | null
}

/** What became of an attempt, as private.record_notification_attempts() takes it. */
export interface Attempt {
  tenant_id: string
  job_id: string
  provider_id: string | null
  provider: string | null
  /** What it is now; null if it is to be tried again. */
  status: 'sent' | 'failed' | 'unknown' | 'suppressed' | 'skipped' | null
  /** What the dispatch log says; null if nothing was tried. */
  dispatched: 'sent' | 'failed' | 'skipped_dev_filter' | null
  detail: string
  message_id: string | null
  template_version: number | null
  duration_ms: number
  /** Whether the provider does not know the credentials. */
  is_refused: boolean
  /** Whether the provider cannot be reached. */
  is_down: boolean
  /** Whether it was written down that a message to a telephone is being sent. */
  has_begun: boolean
  retry_after_seconds: number | null
}

/**
 * Sends one job, and says what became of it. A mail whose end nobody knows is tried again: its Message-ID is the job's,
 * so its reader sees it once. A message to a telephone is not, because a second one costs money. `begin` writes down that
 * such a message is being sent, and says whether nobody else has begun.
 */
export async function deliver(job: ReadyJob, begin: () => Promise<boolean>): Promise<Attempt> {
  const startedAt = performance.now()
  const settled = (more: Partial<Attempt>): Attempt => ({
    tenant_id: job.tenant_id,
    job_id: job.job_id,
    provider_id: job.provider_id,
    provider: job.provider,
    status: null,
    dispatched: null,
    detail: '',
    message_id: null,
    template_version: job.words?.version ?? null,
    duration_ms: Math.round(performance.now() - startedAt),
    is_refused: false,
    is_down: false,
    has_begun: false,
    retry_after_seconds: null,
    ...more,
  })
  const { address, stop, words, provider } = job
  // Whoever began it says by whom it was sent.
  if (stop === 'unknown') return settled({ ...unknown, provider_id: null, provider: null })
  if (stop !== null || address === null)
    return settled({ status: stop ?? 'skipped', detail: 'Not for this address.' })
  if (provider === null)
    return settled({
      status: 'failed',
      dispatched: 'failed',
      detail: `There is no provider for ${job.channel}.`,
    })
  if (!mayReach(address, isOnThisMachine(provider, job.config)))
    return settled({
      status: 'skipped',
      dispatched: 'skipped_dev_filter',
      detail: 'Not in TENANTRY_NOTIFY_ONLY.',
    })
  if (words === null)
    return settled({ status: 'failed', dispatched: 'failed', detail: 'There is no template for it.' })
  const data = { ...job.data, tenant: job.look.name, ...linkOf(job.data) }
  const missing = words.variables.find(({ key, required }) => required && !isGiven(data, key))
  if (missing)
    return settled({
      status: 'failed',
      dispatched: 'failed',
      detail: `The value of {{${missing.key}}} is missing.`,
    })
  const verdict = await send(job, { address, words, provider, data }, begin)
  const duration_ms = Math.round(performance.now() - startedAt)
  if (verdict === null) return settled({ ...unknown, provider_id: null, provider: null, duration_ms })
  return settled({ ...outcomeOf(verdict, job.channel), has_begun: job.channel !== 'email', duration_ms })
}

/** Another dispatcher has begun to send it, and was not heard of again. */
const unknown = {
  status: 'unknown',
  detail: 'An attempt began, and nobody knows its end. The callback of the provider may tell.',
} as const

interface Ready {
  address: string
  words: Words
  provider: string
  data: object
}

/** Null if somebody else has begun to send it to a telephone. */
async function send(
  job: ReadyJob,
  { address, words, provider, data }: Ready,
  begin: () => Promise<boolean>,
): Promise<Verdict | null> {
  const { channel, config, secret, locale, provider_ref } = job
  // No provider's callback may say what became of another provider's jobs, so a guessed reference is worth nothing.
  const reference = `${job.tenant_id}.${job.job_id}`
  const { unsubscribe_token: token } = job
  const page = token === null ? null : unsubscribePage(token)
  const mail = renderMail(words, data, lookOf(job.look), { locale, unsubscribe_url: page })
  const sender = { provider, config, secret }
  if (channel !== 'email') {
    const callback = provider_ref === null ? null : { url: callbackUrl(provider_ref), reference }
    if (!(await begin())) return null
    return toPhone(sender, { to: address, text: mail.subject, locale, callback })
  }
  return sendMail(sender, {
    ...mail,
    to: address,
    message_id: `<${job.job_id}@messages.tenantry>`,
    // Mail programs post to it with one click, so it leads to no page.
    unsubscribe_url: token === null ? null : unsubscribeUrl(token),
    reference,
  })
}

/** Never throws: from here on, only what the provider is known not to have taken is tried again. */
async function toPhone(sender: Sender, message: PhoneMessage): Promise<Verdict> {
  try {
    return await sendToPhone(sender, message)
  } catch (thrown) {
    const detail = thrown instanceof Error ? thrown.message : 'It could not be sent.'
    return verdict(thrown instanceof z.ZodError ? 'retry' : 'ambiguous', detail)
  }
}

function outcomeOf(
  { outcome, detail, provider_id, retry_after_seconds, is_down }: Verdict,
  channel: ReadyJob['channel'],
) {
  const said = { detail: storable(detail), message_id: provider_id, retry_after_seconds, is_down }
  switch (outcome) {
    case 'sent':
      return { ...said, status: 'sent', dispatched: 'sent' } as const
    case 'failed':
      return { ...said, status: 'failed', dispatched: 'failed' } as const
    case 'credentials':
      return { ...said, dispatched: 'failed', is_refused: true } as const
    case 'ambiguous':
      return { ...said, status: channel === 'email' ? null : 'unknown', dispatched: 'failed' } as const
    case 'retry':
      return { ...said, dispatched: 'failed' } as const
  }
}

/** The link of an invitation is made here, because only the application knows where it is. */
function linkOf(data: Record<string, unknown>): { link?: string } {
  const { invitation_token: token } = data
  const application = applicationUrl()
  if (typeof data.session_token === 'string') return quizLink(data)
  if (typeof data.console_path === 'string') return consoleLink(data.console_path)
  if (typeof token !== 'string' || application === null) return {}
  // Behind the #, where it reaches no server's log.
  return { link: `${application}/join#${token}` }
}

function consoleLink(path: string): { link?: string } {
  const url = consoleUrl()
  return url === null ? {} : { link: `${url}${path}` }
}

/** The token stands behind the #, where it reaches no server's log. */
function quizLink({ session_token, campaign_ref, tenant_slug, quiz_url }: Record<string, unknown>): {
  link?: string
} {
  const quizUrl = typeof quiz_url === 'string' ? quiz_url : null
  const url = campaignUrl(String(campaign_ref), { slug: String(tenant_slug), quizUrl })
  return url === null ? {} : { link: `${url}#t=${session_token}` }
}

function isGiven(data: Record<string, unknown>, key: string): boolean {
  const value = key
    .split('.')
    .reduce<unknown>(
      (of, step) =>
        typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[step] : undefined,
      data,
    )
  return value !== undefined && value !== null && value !== ''
}
