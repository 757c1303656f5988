import { randomUUID } from 'node:crypto'
import type { SupabaseClient } from '@supabase/supabase-js'
import { anonClient } from './clients.ts'
import { superuser } from './db.ts'
import { freshSlug } from './tenants.ts'

export interface Person {
  id: string
  email: string
  client: SupabaseClient
}

/** Somebody new, signed in and in no tenant yet. */
export async function signUpPerson(): Promise<Person> {
  const client = anonClient()
  const email = `${randomUUID()}@example.com`
  return { id: await signUpConfirmed(client, email), email, client }
}

/** Signs somebody up, and follows the link in the mail of the sign-up: from then on the address is confirmed. */
export async function signUpConfirmed(client: SupabaseClient, email: string): Promise<string> {
  const signedUp = await client.auth.signUp({ email, password: randomUUID() })
  if (signedUp.error) throw signedUp.error
  const { rows } = await superuser.query(
    'select id, confirmation_token as token from auth.users where email = $1',
    [email],
  )
  const { error } = await client.auth.verifyOtp({ type: 'signup', token_hash: rows[0].token })
  if (error) throw error
  return rows[0].id
}

/** A tenant in trial, with this person as its owner. */
export async function createTenant(
  { client }: Person,
  slug = freshSlug(),
): Promise<{ id: string; slug: string; status: string; trial_ends_at: string; ref_id: string }> {
  const { data, error } = await client.rpc('create_tenant', { slug, name: 'Made by a test' })
  if (error) throw error
  return data
}
