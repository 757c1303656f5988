import './problems.ts'

export { makeApiKey } from './api-keys/secret.ts'
export { type ApiKey, type Caller, readCaller, type Service, type User } from './credentials.ts'
export { noteRefusal } from './refusals.ts'
export { type ChosenTenant, chooseTenant, isNamed, type Permission, tenantNotFound } from './tenant-choice.ts'
export { unauthenticated } from './verify-jwt.ts'
