import { Hono } from 'hono'
import { body, describeRoute, params, router } from '../../lib/http/index.ts'
import {
  Acceptance,
  acceptContract,
  Contract,
  ContractEvidence,
  ContractPdf,
  ContractTemplate,
  NewContractTemplate,
  publishTemplate,
  RenderedContracts,
  readContract,
  readContractEvidence,
  readContractPdf,
  renderContracts,
  requireContract,
  TenantPath,
} from '../../lib/onboarding/index.ts'

// "contract" is held while the contract waits, by owners and admins.
const managers = router({ auth: 'member', permission: 'contract', tenant: 'path' })
  .get(
    '/',
    describeRoute("Read a tenant's contract", {
      200: { description: 'The one that waits, or that was accepted.', schema: Contract },
    }),
    async (c) => c.json(await readContract(c.var.db, c.var.tenant.id)),
  )
  .get(
    '/pdf',
    describeRoute(
      'Ask for a link to the PDF of the contract',
      { 200: { description: 'It works for a minute.', schema: ContractPdf } },
      ['contract_not_ready', 'unavailable'],
    ),
    async (c) => c.json(await readContractPdf(c.var.db, c.var.tenant.id)),
  )
  .post(
    '/acceptance',
    describeRoute(
      'Accept the contract that was read. Twice is once',
      { 200: { description: 'The contract. The tenant is open now.', schema: Contract } },
      ['contract_not_ready', 'contract_changed'],
    ),
    body(Acceptance),
    async (c) => c.json(await acceptContract(c.var.db, c.var.tenant.id, c.req.valid('json').sha256)),
  )
  .get(
    '/evidence',
    describeRoute('Read what proves that the contract was accepted', {
      200: { description: 'Who, when, from where, and the row of the audit log.', schema: ContractEvidence },
    }),
    async (c) => c.json(await readContractEvidence(c.var.db, c.var.tenant.id)),
  )

const platform = router({ auth: 'service' }).post(
  '/',
  describeRoute(
    'Have a tenant accept the newest contract anew',
    { 201: { description: 'The contract that waits now.', schema: Contract } },
    ['tenant_not_found', 'not_billable'],
  ),
  params(TenantPath),
  async (c) => c.json(await requireContract(c.var.db, c.req.valid('param').ref), 201),
)

/** Below the address of a tenant. */
export const contract = new Hono().route('/', managers).route('/', platform)

/** For cron, and for the platform's own people. */
export const contracts = router({ auth: 'service' })
  .post(
    '/render',
    describeRoute('Make the PDFs of contracts that have none', {
      200: { description: 'How many were made, and how many failed.', schema: RenderedContracts },
    }),
    async (c) => c.json(await renderContracts(c.var.db)),
  )
  .post(
    '/templates',
    describeRoute(
      'Publish the words of contracts to come',
      { 201: { description: 'The version. Nobody is asked to accept anew.', schema: ContractTemplate } },
      ['conflict', 'invalid_value'],
    ),
    body(NewContractTemplate),
    async (c) => c.json(await publishTemplate(c.var.db, c.req.valid('json')), 201),
  )
