import { randomUUID } from 'node:crypto'
import type { SupabaseClient } from '@supabase/supabase-js'
import { inject } from 'vitest'
import { anonClient } from './clients.ts'
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
  const { data, error } = await client.auth.signUp({ email, password: randomUUID() })
  if (error) throw error
  if (!data.session) throw new Error('sign-up gave no session')
  return { id: data.user!.id, email, client }
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
