import { type Db, Problem, readPage, sql } from '../../db/index.ts'
import { forgetHost } from '../page/queries.ts'
import { pagesHost } from './address.ts'
import { checkHost, recordName } from './host.ts'
import {
  type CheckResult,
  type Domain,
  type DomainQuery,
  type Domains,
  domainOrder,
  type RouteResult,
} from './schema.ts'

/** The columns of tenant_domains that are shown. */
export interface DomainRow {
  ref_id: string
  host: string
  status: Domain['status']
  is_primary: boolean
  verification_token: string
  verified_at: Date | null
  created_at: Date
  last_checked_at: Date | null
  last_check_result: CheckResult | null
  first_missed_at: Date | null
  switched_off_at: Date | null
  last_routed_at: Date | null
  last_route: RouteResult | null
}

/** A page of a tenant's domains, the newest first. */
export async function listDomains(
  db: Db,
  tenantId: string,
  { limit, cursor }: DomainQuery,
): Promise<Domains> {
  const { rows, next_cursor } = await readPage<DomainRow>(
    db,
    domainOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ref_id, host, status, is_primary, verification_token, verified_at, created_at, last_checked_at,
      last_check_result, first_missed_at, switched_off_at, last_routed_at, last_route
    from public.tenant_domains
    where tenant_id = ${tenantId} and (${cursor?.ref_id}::text is null or id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by id desc limit ${rowCount}`,
  )
  return { domains: rows.map(shown), next_cursor }
}

/**
 * Adds a domain, which is pending until its record is found. Refuses with 422 domain_invalid or
 * domain_reserved, 409 conflict if the tenant has added it before, 403 too_many_domains, 402 feature_not_in_plan, limit_reached.
 */
export async function addDomain(db: Db, tenantId: string, host: string): Promise<Domain> {
  const row = await db.one<DomainRow>(sql`
    select * from private.add_domain(${tenantId}, ${checkHost(host)})`)
  return shown(row)
}

/** Makes a verified domain the primary one. Refuses with 404, or 409 domain_not_verified. */
export async function setPrimaryDomain(db: Db, tenantId: string, ref: string): Promise<Domain> {
  const row = await db.one<DomainRow>(sql`
    select * from public.set_primary_domain(${tenantId}, private.ulid_to_uuid(${ref}))`)
  return shown(row)
}

/** Removes a domain, which then no longer routes. Refuses with 404. */
export async function removeDomain(db: Db, tenantId: string, ref: string): Promise<void> {
  const host = await db.transaction(async (tx) => {
    const [domain] = await tx.query<{ host: string }>(sql`
      select host from public.tenant_domains where tenant_id = ${tenantId} and ref_id = ${ref}`)
    if (!domain) throw new Problem('not_found', 'You have no such domain.')
    await tx.query(sql`select public.remove_domain(${tenantId}, private.ulid_to_uuid(${ref}))`)
    return domain.host
  })
  forgetHost(host)
}

export function shown(row: DomainRow): Domain {
  const { ref_id, host, status, is_primary, last_checked_at: at, last_check_result: result } = row
  const { last_routed_at, last_route } = row
  const target = pagesHost()
  return {
    ref_id,
    host,
    status,
    is_primary,
    verified_at: row.verified_at,
    created_at: row.created_at,
    record: { type: 'TXT', name: recordName(host), value: row.verification_token },
    address_record: target === null ? null : { type: 'CNAME', name: host, value: target },
    last_check: at && result && { at, result, detail: sentences[result](recordName(host)) },
    last_route: last_routed_at &&
      last_route && {
        at: last_routed_at,
        result: last_route,
        detail: routeSentences[last_route](host, target),
      },
    missing_since: row.first_missed_at,
    switched_off_at: row.switched_off_at,
  }
}

const nothingChanged = 'Nothing was changed; try again in a few minutes.'
const sentences: Record<CheckResult, (name: string) => string> = {
  token_found: (name) => `The record at ${name} is there.`,
  wrong_token: (name) =>
    `There are TXT records at ${name}, but none with the value above. Copy it again, whole and without anything around it.`,
  no_record: (name) =>
    `The name ${name} exists but has no TXT record. Check the type of the record, then wait until it shows: that can take an hour.`,
  no_such_name: (name) =>
    `Nothing exists at ${name} yet. Some providers add the domain themselves: then enter only the part before it. A new record can take an hour to show.`,
  host_taken: (name) =>
    `Another tenant holds this domain. If it is yours, leave only your own record at ${name} and try again.`,
  dns_failed: (name) =>
    `The domain's name servers gave no proper answer about ${name}. Check them, and DNSSEC, with your provider. ${nothingChanged}`,
  resolver_timeout: () => `Asking DNS took too long. ${nothingChanged}`,
  resolver_failed: () => `DNS could not be asked. ${nothingChanged}`,
}

const lead = (host: string, target: string | null) =>
  target === null
    ? `Ask the platform where ${host} has to lead.`
    : `Have a CNAME record lead ${host} to ${target}.`
const routeSentences: Record<RouteResult, (host: string, target: string | null) => string> = {
  page_shown: (host) => `https://${host}/ shows the page.`,
  no_address: (host, target) =>
    `${host} has no address yet. ${lead(host, target)} A new record can take an hour to show.`,
  not_reached: (host, target) => `Nothing answered at https://${host}/ in time. ${lead(host, target)}`,
  not_public: (host, target) => `${host} leads to an address that is not public. ${lead(host, target)}`,
  not_trusted: (host) =>
    `Browsers would refuse the certificate at https://${host}/. It may take some minutes to be issued. If it stays so, tell the platform.`,
  another_page: (host, target) =>
    `https://${host}/ shows something else than the page. ${lead(host, target)}`,
}
