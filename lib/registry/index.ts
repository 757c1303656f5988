export { Member, MemberChange, MemberPath, Members } from './member-schema.ts'
export { listMembers, removeMember, updateMember } from './members.ts'
export { NewSlug, NewTenant, Page, Tenant, TenantChange, Tenants } from './tenant-schema.ts'
export { createTenant, listTenants, readTenant, renameTenant, updateTenant } from './tenants.ts'
