import { type Db, sql } from '../../db/index.ts'
import { noSuchProvider, readIdentityProvider } from './queries.ts'
import type { IdentityProvider, IdpKind, JoinRule, SignIn } from './schema.ts'

/**
 * Says whom a provider makes a member. Whoever it made one and no longer covers is none at once. 404 not_found; 403
 * without "manage"; 402 feature_not_in_plan; 422 invalid_value.
 */
export function setJoinRule(
  db: Db,
  tenantId: string,
  type: IdpKind,
  rule: JoinRule,
): Promise<IdentityProvider> {
  return db.transaction(async (tx) => {
    const [set] = await tx.query<{ id: string | null }>(sql`
      select id from public.set_join_rule(${tenantId}, ${type}, ${JSON.stringify(rule)}::jsonb)`)
    if (!set?.id) throw noSuchProvider(type)
    return readIdentityProvider(tx, tenantId, type)
  })
}

/** Lets the caller join or leave the tenant whose provider signed them in, as its rule says now. */
export function settleSignIn(db: Db): Promise<SignIn> {
  return db.one<SignIn>(sql`select outcome, reason, tenant, role from private.settle_own_membership()`)
}
