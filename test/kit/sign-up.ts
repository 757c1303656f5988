import { randomUUID } from 'node:crypto'
import type { SupabaseClient } from '@supabase/supabase-js'
import { inject } from 'vitest'
import { anonClient, serviceClient } from './clients.ts'
import { freshSlug } from './tenants.ts'

export interface Person {
  id: string
  email: string
  client: SupabaseClient
}

/** Somebody new, signed in and in no tenant yet. */
export async function signUpPerson(stack = inject('stack')): Promise<Person> {
  const client = anonClient(stack)
  const email = `${randomUUID()}@example.com`
  return { id: await signUpConfirmed(client, email, stack), email, client }
}

/** Makes an account whose address counts as confirmed, as an operator does, and signs it in. */
export async function signUpConfirmed(
  client: SupabaseClient,
  email: string,
  stack = inject('stack'),
): Promise<string> {
  const password = randomUUID()
  const made = await serviceClient(stack).auth.admin.createUser({ email, password, email_confirm: true })
  if (made.error) throw made.error
  const { error } = await client.auth.signInWithPassword({ email, password })
  if (error) throw error
  return made.data.user.id
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
