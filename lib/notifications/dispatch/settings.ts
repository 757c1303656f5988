import process from 'node:process'

/**
 * TENANTRY_NOTIFY_ONLY: whom messages may reach, for development: addresses and numbers with commas between, in which *
 * stands for anything. "loopback" is whatever a provider on this machine gets, such as the local mailbox. Without the
 * setting, messages reach everybody.
 */
export function mayReach(
  address: string,
  isLocal: boolean,
  patterns = process.env.TENANTRY_NOTIFY_ONLY ?? '',
): boolean {
  const given = patterns.split(',').flatMap((pattern) => pattern.trim().toLowerCase() || [])
  if (given.length === 0) return true
  return given.some((pattern) => (pattern === 'loopback' ? isLocal : matches(address.toLowerCase(), pattern)))
}

function matches(text: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(text)
}

/** The application, where links lead: TENANTRY_APP_URL, without a slash at its end. Null if it is not set. */
export function applicationUrl(): string | null {
  return process.env.TENANTRY_APP_URL?.replace(/\/+$/, '') || null
}

/** The console, where the links of people at work lead: TENANTRY_CONSOLE_URL, without a slash at its end. Null if it is not set. */
export function consoleUrl(): string | null {
  return process.env.TENANTRY_CONSOLE_URL?.replace(/\/+$/, '') || null
}

/**
 * Where a campaign is taken: on the tenant's own page of assessments, or else on the application's, which has to be told whose
 * it is. Null if there is neither.
 */
export function campaignUrl(ref: string, tenant: { slug: string; quizUrl: string | null }): string | null {
  const application = applicationUrl()
  const page = tenant.quizUrl ?? (application && `${application}/quiz/`)
  if (!page || !URL.canParse(page)) return null
  const url = new URL(page)
  url.searchParams.set('campaign', ref)
  if (tenant.quizUrl === null) url.searchParams.set('tenant', tenant.slug)
  return url.href
}

export function unsubscribeUrl(token: string): string {
  return `${functionUrl()}/unsubscribe/${token}`
}

/** The page that asks before it ends mails. Null if there is no application. */
export function unsubscribePage(token: string): string | null {
  const application = applicationUrl()
  // Behind the #, where it reaches no server's log.
  return application && `${application}/unsubscribe/#${token}`
}

/** Where a provider says what became of messages. */
export function callbackUrl(providerRef: string): string {
  return `${functionUrl()}/callbacks/${providerRef}`
}

function functionUrl(): string {
  return `${process.env.SUPABASE_URL ?? ''}/functions/v1/notifications`
}
