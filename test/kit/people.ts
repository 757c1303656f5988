import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { inject } from 'vitest'
import { ulidOf } from '../../lib/db/index.ts'
import { superuser } from './db.ts'

const stack = inject('stack')

/** Somebody who can sign in, and a token as Auth would issue it. */
export interface Person {
  id: string
  refId: string
  email: string
  token: string
}

export const roles = ['owner', 'admin', 'member', 'reviewer'] as const
export type Role = (typeof roles)[number]

export async function makePerson(): Promise<Person> {
  const id = randomUUID()
  const email = `${id}@example.com`
  await superuser.query('insert into auth.users (id, email) values ($1, $2)', [id, email])
  return { id, refId: ulidOf(id), email, token: await signToken({ sub: id, email }) }
}

/** A token of a session that began with a password and was raised by a code, with the claims that Auth then writes. */
export function secondFactorToken({ id, email }: Pick<Person, 'id' | 'email'>): Promise<string> {
  const timestamp = Math.floor(Date.now() / 1000)
  const amr = ['totp', 'password'].map((method) => ({ method, timestamp }))
  return signToken({ sub: id, email, aal: 'aal2', amr, session_id: randomUUID() })
}

/** An operator of the platform. `token` is of a session with a second factor, and `passwordToken` of one without. */
export async function makeOperator(role: Role = 'admin'): Promise<Person & { passwordToken: string }> {
  const person = await makePerson()
  await superuser.query(
    'insert into public.tenant_members (tenant_id, user_id, role) values (private.platform_tenant_id(), $1, $2)',
    [person.id, role],
  )
  const { id, email } = person
  return {
    ...person,
    token: await secondFactorToken(person),
    passwordToken: await signToken({
      sub: id,
      email,
      aal: 'aal1',
      amr: [{ method: 'password', timestamp: 1 }],
    }),
  }
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
