import './problems.ts'

export { makeApiKey } from './api-keys/secret.ts'
export { type ApiKey, type Caller, readCaller, type Service, type User } from './credentials.ts'
export {
  issuePortalToken,
  type Portal,
  type PortalToken,
  portalTokenOver,
  revokePortalTokens,
} from './portal-tokens.ts'
export { noteRefusal } from './refusals.ts'
export { type ChosenTenant, enterTenant, isNamed, type Permission, tenantNotFound } from './tenant-choice.ts'
export { unauthenticated } from './verify-jwt.ts'
