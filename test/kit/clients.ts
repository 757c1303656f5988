import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { inject } from 'vitest'
import WebSocket from 'ws'
import type { StackAccess } from './stack.ts'

/** A client that keeps its session to itself. Node 20 has no WebSocket of its own. */
function makeClient(stack: Pick<StackAccess, 'api_url'>, key: string): SupabaseClient {
  return createClient(stack.api_url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: WebSocket as never },
  })
}

/** Somebody who has only the publishable key. */
export function anonClient(stack = inject('stack')): SupabaseClient {
  return makeClient(stack, stack.publishable_key)
}

/** A server with the secret key. */
export function serviceClient(stack = inject('stack')): SupabaseClient {
  return makeClient(stack, stack.secret_key)
}

/** The seeded owner of a tenant, signed in. */
export async function coachClient(slug: string, stack = inject('stack')): Promise<SupabaseClient> {
  const coach = stack.coaches.find(({ tenant_slug }) => tenant_slug === slug)
  if (!coach) throw new Error(`no seeded coach for ${slug}`)
  return signIn(coach.email, coach.password, stack)
}

export async function signIn(
  email: string,
  password: string,
  stack = inject('stack'),
): Promise<SupabaseClient> {
  const client = anonClient(stack)
  const { error } = await client.auth.signInWithPassword({ email, password })
  if (error) throw error
  return client
}
