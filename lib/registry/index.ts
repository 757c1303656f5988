export { Member, MemberChange, MemberPath, Members } from './member-schema.ts'
export { listMembers, removeMember, updateMember } from './members.ts'
export {
  Entitlement,
  EntitlementQuestion,
  Entitlements,
  Product,
  ProductGrant,
  ProductPath,
  Products,
  TenantProduct,
  TenantProducts,
} from './product-schema.ts'
export {
  checkEntitlement,
  grantProduct,
  listEntitlements,
  listProducts,
  listTenantProducts,
  withdrawProduct,
} from './products.ts'
export { NewProject, Project, ProjectChange, ProjectPath, Projects } from './project-schema.ts'
export { createProject, listProjects, readProject, updateProject } from './projects.ts'
export { NewSlug, NewTenant, Page, Tenant, TenantChange, Tenants } from './tenant-schema.ts'
export { createTenant, listTenants, readTenant, renameTenant, updateTenant } from './tenants.ts'
