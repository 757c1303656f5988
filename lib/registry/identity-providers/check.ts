import { type Asker, type Db, serviceFor, sql } from '../../db/index.ts'
import { IdpFault, type Reach } from './fault.ts'
import { checkOidc } from './oidc.ts'
import { noSuchProvider, readIdentityProvider } from './queries.ts'
import { checkSaml } from './saml.ts'
import type { IdentityProvider, IdpKind } from './schema.ts'

interface Subject {
  type: IdpKind
  revision: string
  metadata: Record<string, string>
}

interface Verdict {
  outcome: 'good' | 'bad' | 'unreachable'
  error?: string
  discovered?: object
  keysExpireAt?: Date
}

/**
 * Checks a provider by asking it, and records the result. Only the service may record it, so the check's own
 * statements run as the service for the asker. Before that, SQL checks that the caller may start a check. If the provider fails,
 * no Problem is thrown: the result is unverified and has last_check_error. 404 not_found; 409 idp_changed if
 * somebody changed the settings during the check; 429 idp_just_checked, too_many_idp_checks.
 */
export async function checkIdentityProvider(
  db: Db,
  { claims, headers }: Asker,
  tenantId: string,
  type: IdpKind,
  reach: Reach = {},
): Promise<IdentityProvider> {
  await db.query(sql`select private.require_permission(${tenantId}, 'manage')`)
  const service = serviceFor(claims, headers)
  const [subject] = await service.query<Subject | { type: null }>(sql`
    select c.type, c.revision, c.metadata from private.begin_idp_check(${tenantId}, ${type}::public.idp_kind) as c`)
  if (!subject?.type) throw noSuchProvider(type)
  // No transaction is open while somebody else's server is waited for.
  const verdict = await judge(service, tenantId, subject, reach)
  await service.query(sql`
    select private.record_idp_check(${tenantId}, ${type}::public.idp_kind, ${subject.revision}::uuid, ${verdict.outcome},
      ${verdict.error ?? null}, ${storableJson(verdict.discovered ?? {})}::jsonb, ${verdict.keysExpireAt ?? null})`)
  return readIdentityProvider(db, tenantId, type)
}

async function judge(service: Db, tenantId: string, subject: Subject, reach: Reach): Promise<Verdict> {
  try {
    if (subject.type === 'saml') {
      const { findings, keysExpireAt } = await checkSaml(subject.metadata, reach)
      return { outcome: 'good', discovered: findings, keysExpireAt }
    }
    const { issuer = '', client_id = '' } = subject.metadata
    const secret = await readSecret(service, tenantId, subject)
    return { outcome: 'good', discovered: await checkOidc({ issuer, client_id }, secret, reach) }
  } catch (thrown) {
    if (!(thrown instanceof IdpFault)) throw thrown
    return { outcome: thrown.isPassing ? 'unreachable' : 'bad', error: storable(thrown.message) }
  }
}

async function readSecret(
  service: Db,
  tenantId: string,
  { type, revision }: Subject,
): Promise<string | null> {
  const [row] = await service.query<{ secret: string | null }>(sql`
    select private.read_idp_secret(${tenantId}, ${type}::public.idp_kind, ${revision}::uuid) as secret`)
  return row?.secret ?? null
}

/** Removes U+0000 and halves of surrogate pairs, which a provider may send and the database does not store. */
function storable(text: string): string {
  return text.replaceAll('\0', '').replace(/\p{Surrogate}/gu, '')
}

function storableJson(value: object): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'string' ? storable(each) : each))
}
