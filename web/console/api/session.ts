import { AuthClient, AuthRetryableFetchError, isAuthError, type Session } from '@supabase/auth-js'
import { project } from './project.ts'
import { storageKey } from './storage-key.ts'

/** Keeps the session in this browser and refreshes it. supabase-js has the same client, with much more beside it. */
export const auth = new AuthClient({
  url: `${project.url}/auth/v1`,
  headers: { apikey: project.publishableKey },
  storageKey,
  // Links of mails lead to pages of their own.
  detectSessionInUrl: false,
})

export type { Session }

/** Asked for each request, because it may have to be refreshed. */
export async function accessToken(): Promise<string | null> {
  const { data } = await auth.getSession()
  return data.session?.access_token ?? null
}

/** Why somebody could not sign in: the code of Auth, or "offline". */
export function codeOfRefusal(error: unknown): string {
  if (error instanceof AuthRetryableFetchError) return 'offline'
  return (isAuthError(error) && error.code) || 'unknown'
}
