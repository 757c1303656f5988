export { findTenants, readQueues, readTenantState } from './queries.ts'
export { Queues, RegisteredTenantQuery, RegisteredTenants, TenantState } from './schema.ts'
