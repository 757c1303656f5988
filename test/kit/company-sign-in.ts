import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { superuser } from './db.ts'
import { signToken } from './people.ts'

/** What the provider of a company says of a person, after Auth has mapped the attributes of the assertion. */
export interface Assertion {
  /** Auth's SSO provider. */
  provider: string
  /** The NameID, by which Auth knows the person again. */
  subject: string
  email: string
  /** What the mapping names besides the usual claims, such as groups. */
  claims?: Record<string, unknown>
}

export interface SignedIn {
  id: string
  token: string
}

/**
 * Plays what Auth does with a SAML assertion, as Auth's own role and with its claims. The embedded Auth has no SAML.
 * Source: github.com/supabase/auth at bc32168, internal/api/samlacs.go (handleSamlAcs), internal/api/external.go
 * (createAccountFromExternalIdentity), internal/models/user.go (UpdateUserMetaData), internal/models/sessions.go
 * (CalculateAALAndAMR), internal/tokens/service.go (AccessTokenClaims).
 */
export async function signInAtCompany(assertion: Assertion): Promise<SignedIn> {
  const provider = `sso:${assertion.provider}`
  const identityData = {
    iss: 'https://idp.example/saml',
    sub: assertion.subject,
    email: assertion.email.toLowerCase(),
    email_verified: true,
    phone_verified: false,
    ...(assertion.claims && { custom_claims: assertion.claims }),
  }
  return asAuth(async (db) => {
    const known = await db.query<{ user_id: string }>(
      `update auth.identities set identity_data = $3, updated_at = now()
       where provider = $1 and provider_id = $2 returning user_id`,
      [provider, assertion.subject, identityData],
    )
    const id = known.rows[0]?.user_id ?? randomUUID()
    if (known.rows[0] === undefined) {
      // The address of the first sign-in is that of the account for ever.
      await db.query(
        `insert into auth.users (id, email, is_sso_user, raw_app_meta_data, raw_user_meta_data)
         values ($1, $2, true, $3, $4)`,
        [id, identityData.email, { provider, providers: [provider] }, identityData],
      )
      await db.query(
        `insert into auth.identities (id, provider, provider_id, user_id, identity_data, last_sign_in_at)
         values ($1, $2, $3, $4, $5, now())`,
        [randomUUID(), provider, assertion.subject, id, identityData],
      )
      await db.query('update auth.users set email_confirmed_at = now() where id = $1', [id])
    }
    // It is merged, so that a claim stays that the provider no longer sends.
    const { rows } = await db.query<{ email: string; app: object; own: object }>(
      `update auth.users set raw_user_meta_data = raw_user_meta_data || $2 where id = $1
       returning email, raw_app_meta_data as app, raw_user_meta_data as own`,
      [id, identityData],
    )
    const { email, app, own } = rows[0]!
    const timestamp = Math.floor(Date.now() / 1000)
    const token = await signToken({
      ...{ sub: id, email, phone: '', app_metadata: app, user_metadata: own, aal: 'aal1' },
      amr: [{ method: 'sso/saml', timestamp, provider: assertion.provider }],
      ...{ session_id: randomUUID(), is_anonymous: false, iat: timestamp },
    })
    return { id, token }
  })
}

/** What a person writes about themselves: PUT /user with data. */
export async function writeOwnMetadata(id: string, data: object): Promise<void> {
  await asAuth((db) =>
    db.query('update auth.users set raw_user_meta_data = raw_user_meta_data || $2 where id = $1', [id, data]),
  )
}

/** In a session of Auth's own, as on a hosted project: its login is supabase_auth_admin, and it sets no role. */
async function asAuth<T>(run: (db: pg.PoolClient) => Promise<T>): Promise<T> {
  const db = await superuser.connect()
  try {
    await db.query('begin; set local session authorization supabase_auth_admin')
    const result = await run(db)
    await db.query('commit')
    return result
  } finally {
    await db.query('rollback')
    db.release()
  }
}
