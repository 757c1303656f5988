import { type Asker, type Db, Problem, serviceFor, sql } from '../../db/index.ts'
import { forgetHost } from '../page/queries.ts'
import { type FindTxt, findTxt, isInconclusive, type TxtLookup } from './dns.ts'
import { recordName } from './host.ts'
import { type DomainRow, shown } from './queries.ts'
import { type FindRoute, findRoute } from './route.ts'
import type { CheckedDomains, Domain } from './schema.ts'

/** Each lookup takes two resolvers of three seconds at most, and ten run at a time: a batch is done within a minute. */
const batchSize = 100
const atOnce = 10

/**
 * Looks for a domain's record now, and whether its page is shown, and records both. The returned domain says what was
 * found. Refuses with 404, 409 domain_taken while another tenant's record stands, and 429 domain_just_checked within ten
 * seconds of the last time.
 */
export async function verifyDomain(
  db: Db,
  { claims, headers }: Asker,
  tenantId: string,
  ref: string,
  find: FindTxt = findTxt,
  look: FindRoute = findRoute,
): Promise<Domain> {
  const { domain_id, host, wait_seconds } = await db.one<{
    domain_id: string
    host: string
    wait_seconds: number
  }>(sql`
    select domain_id, host, wait_seconds from private.start_domain_check(${tenantId}, ${ref})`)
  if (wait_seconds > 0) {
    const detail = `This domain was just checked. Try again in ${wait_seconds} seconds.`
    throw new Problem('domain_just_checked', detail, { retryAfterSeconds: wait_seconds })
  }
  const lookup = await find(recordName(host))
  // As the service, because a caller must not be able to state what DNS said.
  const service = serviceFor(claims, headers)
  let row = await record(service, tenantId, domain_id, lookup)
  if (!row) throw new Problem('not_found', 'You have no such domain.')
  forgetHost(host)
  // Only of a host whose record stands: the platform is nobody's way to ask servers that are not theirs.
  if (row.last_check_result === 'token_found') {
    const found = await look(host)
    const [routed] = await service.query<DomainRow>(
      sql`select * from private.record_domain_route(${tenantId}, ${domain_id}, ${found})`,
    )
    row = routed ?? row
  }
  const domain = shown(row)
  if (row.last_check_result === 'host_taken')
    throw new Problem('domain_taken', domain.last_check?.detail ?? '')
  return domain
}

/** Looks again for the records of verified domains that are due, and counts the results. For the service. */
export async function recheckDomains(db: Db, find: FindTxt = findTxt): Promise<CheckedDomains> {
  const due = await db.query<{ tenant_id: string; domain_id: string; host: string }>(sql`
    select tenant_id, domain_id, host from private.claim_due_domain_checks(${batchSize})`)
  const sum: CheckedDomains = { checked: 0, held: 0, missing: 0, lost: 0, unknown: 0 }
  const waiting = due.values()
  const workers = Array.from({ length: atOnce }, async () => {
    for (const { tenant_id, domain_id, host } of waiting) {
      const row = await record(db, tenant_id, domain_id, await find(recordName(host)))
      if (!row) continue
      sum.checked++
      sum[conclusionOf(row)]++
      if (row.status !== 'verified') forgetHost(host)
    }
  })
  const failed = (await Promise.allSettled(workers)).find((worker) => worker.status === 'rejected')
  if (failed) throw failed.reason
  return sum
}

function conclusionOf({ status, last_check_result }: DomainRow): 'held' | 'missing' | 'lost' | 'unknown' {
  if (status !== 'verified') return 'lost'
  if (last_check_result === 'token_found') return 'held'
  return isInconclusive(last_check_result ?? '') ? 'unknown' : 'missing'
}

async function record(
  db: Db,
  tenantId: string,
  domainId: string,
  lookup: TxtLookup,
): Promise<DomainRow | null> {
  const tokens = lookup.outcome === 'found' ? tokensIn(lookup.texts) : []
  const failure = lookup.outcome === 'found' ? null : lookup.outcome
  const row = await db.one<DomainRow | { ref_id: null }>(sql`
    select * from private.record_domain_check(${tenantId}, ${domainId}, ${tokens}::text[], ${failure})`)
  return row.ref_id === null ? null : row
}

/** People copy quotes and spaces along with a value, and some forms write it in capitals. */
function tokensIn(texts: string[]): string[] {
  const values = texts.map((text) =>
    text
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .trim()
      .toLowerCase(),
  )
  return values.filter((value) => /^[0-9a-f]{40}$/.test(value))
}
