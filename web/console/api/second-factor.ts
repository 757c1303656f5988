import type { User } from '@supabase/auth-js'
import { queryOptions } from '@tanstack/react-query'
import { auth } from './session.ts'

/** A second factor that somebody has set up, or began to. */
export interface Factor {
  id: string
  name: string
  isVerified: boolean
}

/** What an authenticator app needs to know. Shown once. */
export interface NewFactor {
  id: string
  secret: string
  /** A picture of it, as the address of an image. Empty where Auth draws none. */
  picture: string
}

/** Refusals of Auth are thrown. */
async function answer<Data>(asked: Promise<{ data: Data; error: unknown }>): Promise<NonNullable<Data>> {
  const { data, error } = await asked
  if (error || data === null || data === undefined) throw error
  return data
}

/** The codes of an app, of the person who is signed in. Auth is asked, because another browser may have changed them. */
export const factorsQuery = queryOptions({
  queryKey: ['account', 'factors'],
  queryFn: async (): Promise<Factor[]> => {
    const { user } = await answer<{ user: User | null }>(auth.getUser())
    return (user?.factors ?? [])
      .filter(({ factor_type }) => factor_type === 'totp')
      .map(({ id, friendly_name, status }) => ({
        id,
        name: friendly_name || id,
        isVerified: status === 'verified',
      }))
  },
})

/** Begins to set one up. What was begun before and never finished is removed, because Auth counts it. */
export async function beginFactor(name: string, begun: Factor[]): Promise<NewFactor> {
  for (const { id, isVerified } of begun) if (!isVerified) await answer(auth.mfa.unenroll({ factorId: id }))
  const { id, totp } = await answer(
    auth.mfa.enroll({ factorType: 'totp', friendlyName: name, issuer: 'Tenantry' }),
  )
  // A # in it would end the address.
  const [, drawn = ''] = totp.qr_code.split('utf-8,')
  return {
    id,
    secret: totp.secret,
    picture: drawn && `data:image/svg+xml,${encodeURIComponent(drawn)}`,
  }
}

/** Shows the code of the app. The session then counts as one with a second factor. */
export async function showCode(factor: string, code: string): Promise<void> {
  await answer(auth.mfa.challengeAndVerify({ factorId: factor, code: code.trim() }))
}

export async function removeFactor(factor: string): Promise<void> {
  await answer(auth.mfa.unenroll({ factorId: factor }))
  // Auth takes the second factor back from the session with the next token.
  await answer(auth.refreshSession())
}
