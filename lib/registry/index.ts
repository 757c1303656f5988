export { ApiKey, ApiKeyPath, ApiKeys, KeyRotation, NewApiKey, NewKey } from './api-key-schema.ts'
export { createApiKey, listApiKeys, revokeApiKey, rotateApiKey } from './api-keys.ts'
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
export { exportTenant } from './export.ts'
export {
  listIdentityProviders,
  readIdentityProvider,
  removeIdentityProvider,
  setIdentityProvider,
} from './idp.ts'
export { checkIdentityProvider } from './idp-check.ts'
export {
  IdentityProvider,
  IdentityProviders,
  IdpPath,
  IdpSettings,
  OidcSettings,
  SamlSettings,
  SignInOptions,
  SignInQuestion,
  SsoBinding,
} from './idp-schema.ts'
export { bindSsoProvider, findSignInOptions } from './idp-sign-in.ts'
export {
  Invitation,
  InvitationPath,
  InvitationPreview,
  Invitations,
  InvitationToken,
  NewInvitation,
  Resending,
  SentInvitation,
} from './invitation-schema.ts'
export {
  acceptInvitation,
  inviteMember,
  listInvitations,
  lookUpInvitation,
  resendInvitation,
  revokeInvitation,
} from './invitations.ts'
export { changeTenantStatus, findTenantId } from './lifecycle.ts'
export { Cancellation, Lifecycle, Purge, PurgeRequest, StatusChange } from './lifecycle-schema.ts'
export { Heir, Member, MemberChange, MemberPath, Members, Roles } from './member-schema.ts'
export { listMembers, listRoles, removeMember, transferOwnership, updateMember } from './members.ts'
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
export { purgeTenant } from './purge.ts'
export { NewSlug, NewTenant, Page, Tenant, TenantChange, Tenants } from './tenant-schema.ts'
export { createTenant, listTenants, readTenant, renameTenant, updateTenant } from './tenants.ts'
