import './problems.ts'

export { checkOut, readOutcome } from './checkout/queries.ts'
export { Checkout, Outcome } from './checkout/schema.ts'
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
