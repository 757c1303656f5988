import type { Client } from 'pg'
import type { Rules } from '../matrix/declared.ts'
import { conditionMutants, functionMutants } from './functions.ts'
import type { Mutant } from './mutant.ts'
import { policyMutants } from './policies.ts'
import { relationMutants } from './relations.ts'

/** Every mutant the catalog and the rules suggest, in the order the catalog is read. */
export async function listMutants(db: Client, rules: Rules): Promise<Mutant[]> {
  return [
    ...(await policyMutants(db)),
    ...(await relationMutants(db)),
    ...(await functionMutants(db, rules)),
    ...(await conditionMutants(db, rules)),
    ...newcomers,
  ]
}

/** What somebody adds and forgets to classify. */
const newcomers: Mutant[] = [
  'create table public.newcomer (tenant_id uuid)',
  'create view public.newcomer with (security_invoker = true) as select id from public.tenants',
  'create function public.newcomer() returns int language sql as $$ select 1 $$',
  'create function public.leave_tenant(slug text) returns int language sql as $$ select 1 $$',
  'alter table public.campaigns add column newcomer text',
  'alter table public.tenants add column newcomer text',
  'grant select (stripe_cust_id) on public.tenants to authenticated',
  'alter table public.campaigns add column newcomer text; grant update (newcomer) on public.campaigns to authenticated',
  'grant execute on function private.sweep_expired_invitations(int) to authenticated',
  'grant usage on schema private to anon',
].map((sql) => ({ name: sql, sql: [sql], touched: { isGrant: true } }))
