import { z } from 'zod'
import { moment } from '../../db/index.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex')

/** The contract of a tenant, as its managers see it. */
export const Contract = z
  .strictObject({
    ref_id: z.string(),
    template_version: z.string(),
    status: z.enum(['pending_acceptance', 'accepted', 'superseded']),
    pdf_sha256: z.string().nullable().meta({ description: 'Null until its PDF is made.' }),
    generated_at: moment.nullable(),
    accepted_at: moment.nullable(),
    created_at: moment,
  })
  .meta({ id: 'Contract' })
export type Contract = z.infer<typeof Contract>

/** A link to the PDF. */
export const ContractPdf = z
  .strictObject({ url: z.string(), sha256: z.string(), expires_at: moment })
  .meta({ id: 'ContractPdf', description: 'Whoever has the link may open it until it ends.' })
export type ContractPdf = z.infer<typeof ContractPdf>

/** What somebody says who accepts. */
export const Acceptance = z
  .strictObject({ sha256, agreed: z.literal(true) })
  .meta({ id: 'ContractAcceptance', description: 'The hash is the one of the PDF that was read.' })
export type Acceptance = z.infer<typeof Acceptance>

/** What proves an acceptance. */
export const ContractEvidence = z
  .strictObject({
    contract: Contract,
    accepted_by: z.string(),
    accepted_ip: z.string().nullable(),
    accepted_user_agent: z.string().nullable(),
    log: z
      .strictObject({
        seq: z.int(),
        action: z.string(),
        created_at: moment,
        actor_id: z.string().nullable(),
        prev_hash: z.string(),
        hash: z.string(),
      })
      .nullable()
      .meta({ description: 'Its row in the hash chain of the audit log.' }),
  })
  .meta({ id: 'ContractEvidence' })
export type ContractEvidence = z.infer<typeof ContractEvidence>

/** The words of contracts to come. */
export const NewContractTemplate = z
  .strictObject({
    markdown: z.string().max(100_200).meta({ description: 'Front matter with a version, then the text.' }),
  })
  .meta({ id: 'NewContractTemplate' })
export type NewContractTemplate = z.infer<typeof NewContractTemplate>

export const ContractTemplate = z
  .strictObject({ version: z.string(), published_at: moment })
  .meta({ id: 'ContractTemplate' })
export type ContractTemplate = z.infer<typeof ContractTemplate>

/** What the service did to contracts. */
export const RenderedContracts = z
  .strictObject({ rendered: z.int(), failed: z.int() })
  .meta({ id: 'RenderedContracts' })
export type RenderedContracts = z.infer<typeof RenderedContracts>

/** The part of the path that names a tenant, where the platform calls. */
export const TenantPath = z.object({
  ref: z.string().min(1).max(100).meta({ description: 'The slug or ref_id of the tenant.' }),
})
