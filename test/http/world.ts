import { randomBytes, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { inject } from 'vitest'
import { ulidOf } from '../../lib/db/index.ts'
import { admin, superuser } from '../support/db.ts'

const stack = inject('stack')

/** Somebody who can sign in, and a token as Auth would issue it. */
export interface Person {
  id: string
  refId: string
  email: string
  token: string
}

export interface TestTenant {
  id: string
  ref_id: string
  slug: string
}

export type Role = 'owner' | 'admin' | 'member' | 'reviewer'

export async function makePerson(): Promise<Person> {
  const id = randomUUID()
  const email = `${id}@example.com`
  await superuser.query('insert into auth.users (id, email) values ($1, $2)', [id, email])
  return { id, refId: ulidOf(id), email, token: await signToken({ sub: id, email }) }
}

/** A token of this stack's Auth, valid for ten minutes unless the claims say otherwise. */
export function signToken(claims: Record<string, unknown>): Promise<string> {
  return new SignJWT({
    role: 'authenticated',
    aud: 'authenticated',
    iss: `${stack.api_url}/auth/v1`,
    exp: Math.floor(Date.now() / 1000) + 600,
    ...claims,
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(new TextEncoder().encode(stack.jwt_secret))
}

/** A slug nobody else's test uses. */
export const freshSlug = (): string => `t-${randomBytes(6).toString('hex')}`

/** A tenant with these people in these roles. */
export async function makeTenant(
  members: Partial<Record<Role, Person>>,
  status: 'active' | 'frozen' | 'archived' | 'trial' = 'active',
): Promise<TestTenant> {
  const slug = freshSlug()
  const { rows } = await admin.query<TestTenant>(
    `insert into public.tenants (slug, name, status, trial_ends_at)
     values ($1, $1, $2::public.tenant_status, case when $2 = 'trial' then now() - interval '1 day' end)
     returning id, ref_id, slug`,
    [slug, status],
  )
  const tenant = rows[0]
  if (!tenant) throw new Error('no tenant was made')
  for (const [role, person] of Object.entries(members)) {
    await admin.query('insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, $3)', [
      tenant.id,
      person.id,
      role,
    ])
  }
  return tenant
}

export interface CallOptions {
  method?: string
  token?: string
  apikey?: string
  /** The header x-tenant. */
  tenant?: string
  headers?: Record<string, string>
  /** Sent as JSON. */
  body?: unknown
}

/** One request to an edge function through the gateway; redirects are not followed. */
export function call(
  path: string,
  { method, token, apikey, tenant, headers, body }: CallOptions = {},
): Promise<Response> {
  return fetch(`${stack.api_url}/functions/v1${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    redirect: 'manual',
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(apikey !== undefined && { apikey }),
      ...(tenant !== undefined && { 'x-tenant': tenant }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

/** What a refusal says, for comparing. */
export async function problemOf(
  response: Response,
): Promise<{ status: number; code: string; pointers: string[] }> {
  const document = (await response.json()) as { code: string; errors?: { pointer: string }[] }
  return {
    status: response.status,
    code: document.code,
    pointers: (document.errors ?? []).map(({ pointer }) => pointer),
  }
}
