import './problems.ts'

export { createApiKey, listApiKeys, revokeApiKey, rotateApiKey } from './api-keys/queries.ts'
export {
  ApiKey,
  ApiKeyPath,
  ApiKeyQuery,
  ApiKeyRotation,
  ApiKeys,
  ApiKeyWithSecret,
  NewApiKey,
} from './api-keys/schema.ts'
export { listScopes, ScopeQuery, Scopes } from './api-keys/scopes.ts'
export {
  checkEntitlement,
  grantProduct,
  listEntitlements,
  listProducts,
  listTenantProducts,
  withdrawProduct,
} from './entitlements/queries.ts'
export {
  Entitlement,
  EntitlementQuestion,
  Entitlements,
  ProductGrant,
  ProductPath,
  ProductQuery,
  Products,
  TenantProduct,
  TenantProductQuery,
  TenantProducts,
} from './entitlements/schema.ts'
export { ExportFileQuery, ExportLink, issueExportLink, openExportLink } from './export/links.ts'
export { exportTenant } from './export/queries.ts'
export { forgetPerson } from './forgetting/queries.ts'
export { ForgetRequest, ForgottenPerson } from './forgetting/schema.ts'
export { checkDueProviders } from './identity-providers/asking-again.ts'
export { checkIdentityProvider } from './identity-providers/check.ts'
export { setJoinRule, settleSignIn } from './identity-providers/joining.ts'
export {
  atProvider,
  listIdentityProviders,
  readIdentityProvider,
  removeIdentityProvider,
  setIdentityProvider,
} from './identity-providers/queries.ts'
export {
  AtProvider,
  CheckedProviders,
  IdentityProvider,
  IdentityProviderQuery,
  IdentityProviders,
  IdpPath,
  IdpSettings,
  JoinRule,
  OidcSettings,
  SamlSettings,
  SignIn,
  SignInOptions,
  SignInOptionsRequest,
  SsoProviderBinding,
} from './identity-providers/schema.ts'
export { bindSsoProvider, findSignInOptions } from './identity-providers/sign-in.ts'
export {
  acceptInvitation,
  inviteMember,
  listInvitations,
  lookUpInvitation,
  resendInvitation,
  revokeInvitation,
} from './invitations/queries.ts'
export {
  Invitation,
  InvitationPath,
  InvitationPreview,
  InvitationQuery,
  InvitationResend,
  Invitations,
  InvitationToken,
  InvitationWithToken,
  NewInvitation,
} from './invitations/schema.ts'
export { purgeTenant } from './lifecycle/purge.ts'
export {
  changePlan,
  changeTenantStatus,
  extendTrial,
  findTenantId,
  readLifecycle,
} from './lifecycle/queries.ts'
export {
  TenantCancellation,
  TenantLifecycle,
  TenantLifecycleDetail,
  TenantPlan,
  TenantPlanChange,
  TenantPurge,
  TenantPurgeRequest,
  TenantStatusChange,
  TenantTrialChange,
} from './lifecycle/schema.ts'
export { listMembers, listRoles, removeMember, transferOwnership, updateMember } from './members/queries.ts'
export {
  Member,
  MemberChange,
  MemberPath,
  MemberQuery,
  Members,
  OwnershipTransfer,
  RoleQuery,
  Roles,
} from './members/schema.ts'
export { readOverview } from './overview/queries.ts'
export { Overview } from './overview/schema.ts'
export { readPortal } from './portals/queries.ts'
export { OpenPortal } from './portals/schema.ts'
export { createProject, listProjects, readProject, updateProject } from './projects/queries.ts'
export { NewProject, Project, ProjectChange, ProjectPath, ProjectQuery, Projects } from './projects/schema.ts'
export {
  createTenant,
  listTenants,
  readTenant,
  readTenantAccount,
  renameTenant,
  updateTenant,
} from './tenants/queries.ts'
export {
  NewTenant,
  Tenant,
  TenantAccount,
  TenantChange,
  TenantQuery,
  TenantSlugChange,
  Tenants,
  tenantStatuses,
} from './tenants/schema.ts'
