import { useSyncExternalStore } from 'react'

/** A change that was made: in which tenant, by its slug, and under which id the audit log has it. */
interface Change {
  slug: string
  requestId: string
}

// Nothing of the tenant is changed by these, or what they make is a record itself.
const leavesNoRow = [
  /\/preview$/,
  /\/suggest$/,
  /^\/notifications\/(?:read-all|preferences(?:\/default)?|phone(?:\/confirmation)?)$/,
  /^\/webhooks\/.*\/(?:test|replay|resend|poll|acknowledge)$/,
  /^\/bots\/.*\/try$/,
  /^\/assessments\/followups\//,
  /^\/registry\/sign-ins$/,
]

/** Whether the audit log has a row for it. */
export const isInAuditLog = (method: string, path: string) =>
  method !== 'GET' && method !== 'HEAD' && !leavesNoRow.some((pattern) => pattern.test(path))

let last: Change | null = null
const listeners = new Set<() => void>()

/** Sends a request and, if it changed something, keeps what its row in the audit log is found by. */
export const notingChanges: typeof fetch = async (request, init) => {
  const response = await fetch(request, init)
  // The client makes a whole request of each call.
  if (!(request instanceof Request)) return response
  const { method, url, headers } = request
  const path = new URL(url).pathname.replace('/functions/v1', '')
  const slug = headers.get('x-tenant') ?? /\/tenants\/([^/]+)/.exec(path)?.[1]
  const requestId = response.headers.get('x-request-id')
  if (response.ok && slug && requestId && isInAuditLog(method, path)) {
    last = { slug: decodeURIComponent(slug), requestId }
    for (const tell of listeners) tell()
  }
  return response
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The last change that was made in this page, if there was one. */
export const useLastChange = () => useSyncExternalStore(subscribe, () => last)
