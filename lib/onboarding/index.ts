import './problems.ts'

export { checkOut, readOutcome } from './checkout/queries.ts'
export { Checkout, Outcome } from './checkout/schema.ts'
export {
  acceptContract,
  publishTemplate,
  readContract,
  readContractEvidence,
  readContractPdf,
  renderContracts,
  requireContract,
} from './contracts/queries.ts'
export {
  Acceptance,
  Contract,
  ContractEvidence,
  ContractPdf,
  ContractTemplate,
  NewContractTemplate,
  RenderedContracts,
  TenantPath,
} from './contracts/schema.ts'
export {
  beginRegistration,
  listOfferedPlans,
  type Registrant,
  readRegistration,
  saveBilling,
  saveCompany,
  saveLocation,
} from './registrations/queries.ts'
export { Billing, Company, Contact, Location, OfferedPlans, Registration } from './registrations/schema.ts'
export { readRun, reviewRun, startRun, submitRun } from './runs/queries.ts'
export { OnboardingRun, Research, Review } from './runs/schema.ts'
