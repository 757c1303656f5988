import process from 'node:process'

/**
 * TENANTRY_NOTIFY_ONLY: whom messages may reach, for development: addresses and numbers with commas between, in which *
 * stands for anything. Without it they reach everybody.
 */
export function mayReach(address: string, patterns = process.env.TENANTRY_NOTIFY_ONLY ?? ''): boolean {
  const given = patterns.split(',').flatMap((pattern) => pattern.trim().toLowerCase() || [])
  return given.length === 0 || given.some((pattern) => matches(address.toLowerCase(), pattern))
}

function matches(text: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(text)
}

/** The application, where links lead: TENANTRY_APP_URL, without a slash at its end. Null if it is not set. */
export function applicationUrl(): string | null {
  return process.env.TENANTRY_APP_URL?.replace(/\/+$/, '') || null
}

export function unsubscribeUrl(token: string): string {
  return `${process.env.SUPABASE_URL ?? ''}/functions/v1/notifications/unsubscribe/${token}`
}
