export { chainProblems, readAuditLog, verifyAuditLog, walkChain } from './audit.ts'
export { exportAuditLog } from './audit-export.ts'
export {
  AuditPage,
  AuditQuery,
  AuditVerdict,
  ExportQuery,
  NewViewerToken,
  RevokedViewerTokens,
  ViewerToken,
} from './audit-schema.ts'
export { enterAsViewer, issueViewerToken, isViewerToken, revokeViewerTokens } from './audit-viewers.ts'
export { Member, MemberChange, MemberPath, Members } from './member-schema.ts'
export { listMembers, removeMember, updateMember } from './members.ts'
export { NewSlug, NewTenant, Page, Tenant, TenantChange, Tenants } from './tenant-schema.ts'
export { createTenant, listTenants, readTenant, renameTenant, updateTenant } from './tenants.ts'
