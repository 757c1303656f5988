import { type Db, sql } from '../../db/index.ts'
import { IdpFault, type Reach } from './fault.ts'
import { checkOidc } from './oidc.ts'
import { checkSaml } from './saml.ts'
import type { IdpKind } from './schema.ts'

/** The settings that are checked, as SQL gave them to the service. */
export interface Subject {
  type: IdpKind
  revision: string
  metadata: Record<string, string>
}

export interface Verdict {
  outcome: 'good' | 'bad' | 'unreachable'
  error?: string
  discovered?: object
  keysExpireAt?: Date
}

/** Asks a provider. No fault of a provider is thrown. */
export async function judge(service: Db, tenantId: string, subject: Subject, reach: Reach): Promise<Verdict> {
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

/** Stores the verdict, for exactly the settings that were judged. 409 idp_changed. */
export async function record(
  service: Db,
  tenantId: string,
  { type, revision }: Subject,
  { outcome, error, discovered, keysExpireAt }: Verdict,
): Promise<void> {
  await service.query(sql`
    select private.record_idp_check(${tenantId}, ${type}::public.idp_kind, ${revision}::uuid, ${outcome},
      ${error ?? null}, ${storableJson(discovered ?? {})}::jsonb, ${keysExpireAt ?? null})`)
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
