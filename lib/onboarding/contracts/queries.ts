import { type Db, Problem, sql } from '../../db/index.ts'
import { log } from '../../runtime/index.ts'
import { linkSeconds, pdfs } from './files.ts'
import { type ContractToRender, renderContract } from './pdf.ts'
import type {
  Contract,
  ContractEvidence,
  ContractPdf,
  ContractTemplate,
  NewContractTemplate,
  RenderedContracts,
} from './schema.ts'
import { readTemplate } from './template.ts'

const columns = sql`
  c.ref_id, c.template_version, c.status, c.pdf_sha256, c.generated_at, c.accepted_at, c.created_at`

async function liveContract(db: Db, tenantId: string): Promise<Contract & { pdf_s3_key: string | null }> {
  const [found] = await db.query<Contract & { pdf_s3_key: string | null }>(sql`
    select ${columns}, c.pdf_s3_key from public.contracts as c
    where c.tenant_id = ${tenantId} and c.status <> 'superseded'`)
  if (found) return found
  throw new Problem('not_found', 'This tenant has no contract.')
}

/** The contract that waits, or that was accepted. 404 not_found. */
export async function readContract(db: Db, tenantId: string): Promise<Contract> {
  const { pdf_s3_key: _, ...contract } = await liveContract(db, tenantId)
  return contract
}

/** A link to its PDF, for a minute. 404 not_found; 409 contract_not_ready. */
export async function readContractPdf(db: Db, tenantId: string): Promise<ContractPdf> {
  const { pdf_s3_key, pdf_sha256 } = await liveContract(db, tenantId)
  if (pdf_s3_key === null || pdf_sha256 === null)
    throw new Problem('contract_not_ready', 'The PDF of the contract is not made yet. Ask again in a moment.')
  return { ...(await pdfs.link(pdf_s3_key, linkSeconds)), sha256: pdf_sha256 }
}

/** Accepts the contract with this hash. Twice is once. 404 not_found; 409 contract_not_ready, contract_changed. */
export function acceptContract(db: Db, tenantId: string, sha256: string): Promise<Contract> {
  return db.one(sql`select ${columns} from private.accept_contract(${tenantId}, ${sha256}) as c`)
}

/** Who accepted the contract, when and from where, with the row of the audit log. 404 not_found. */
export async function readContractEvidence(db: Db, tenantId: string): Promise<ContractEvidence> {
  const { accepted_by, accepted_ip, accepted_user_agent, log, ...contract } = await db.one<
    Contract & Omit<ContractEvidence, 'contract'>
  >(sql`
    select ${columns}, e.accepted_by_ref as accepted_by, host(c.accepted_ip) as accepted_ip, c.accepted_user_agent, e.log
    from private.read_contract_evidence(${tenantId}) as e cross join lateral (select (e.contract).*) as c`)
  return { contract, accepted_by, accepted_ip, accepted_user_agent, log }
}

/** Has a tenant accept the newest contract anew. For the platform. 404 tenant_not_found; 409 not_billable. */
export function requireContract(db: Db, ref: string): Promise<Contract> {
  return db.one(sql`
    select ${columns} from private.require_contract(
      (select t.id from public.tenants as t where t.slug = ${ref} or t.ref_id = ${ref})) as c`)
}

/** Publishes a template. 409 conflict; 422 invalid_value. */
export async function publishTemplate(db: Db, { markdown }: NewContractTemplate): Promise<ContractTemplate> {
  const template = readTemplate(markdown)
  if (!template)
    throw new Problem('invalid_body', 'The template does not begin with its version.', {
      errors: [{ pointer: '/markdown', detail: 'must begin with front matter that has a version' }],
    })
  const { version, body } = template
  const { published_at } = await db.one<Pick<ContractTemplate, 'published_at'>>(sql`
    select private.publish_contract_template(${version}, ${body}) as published_at`)
  return { version, published_at }
}

interface Claimed extends ContractToRender {
  tenant_id: string
  id: string
  tenant_ref: string
}

/** Makes the PDFs that are missing, and stores them. One that fails is tried again later. For the service. */
export async function renderContracts(db: Db): Promise<RenderedContracts> {
  const sum: RenderedContracts = { rendered: 0, failed: 0 }
  const claimed = await db.query<Claimed>(sql`
    select tenant_id, id, ref_id, tenant_ref, template_version, body, details, created_at
    from private.claim_contracts_to_render(5)`)
  for (const contract of claimed) {
    try {
      const { bytes, sha256 } = await renderContract(contract)
      const key = `${contract.tenant_ref}/contracts/${contract.ref_id}/${contract.template_version}.pdf`
      // The file first: a row must not promise a file that is not there.
      await pdfs.store(key, bytes, 'application/pdf')
      await db.query(
        sql`select private.attach_contract_pdf(${contract.tenant_id}, ${contract.id}, ${key}, ${sha256})`,
      )
      sum.rendered++
    } catch (thrown) {
      // One that fails must not keep the others waiting.
      log('error', {
        code: 'contract_not_rendered',
        contract: contract.ref_id,
        stack: String((thrown as Error).stack),
      })
      sum.failed++
    }
  }
  return sum
}
