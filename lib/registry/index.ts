export { createApiKey, listApiKeys, revokeApiKey, rotateApiKey } from './api-keys/queries.ts'
export {
  ApiKey,
  ApiKeyPath,
  ApiKeyQuery,
  ApiKeys,
  KeyRotation,
  NewApiKey,
  NewKey,
} from './api-keys/schema.ts'
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
  Product,
  ProductGrant,
  ProductPath,
  ProductQuery,
  Products,
  TenantProduct,
  TenantProductQuery,
  TenantProducts,
} from './entitlements/schema.ts'
export { exportTenant } from './export/queries.ts'
export { checkIdentityProvider } from './identity-providers/check.ts'
export {
  listIdentityProviders,
  readIdentityProvider,
  removeIdentityProvider,
  setIdentityProvider,
} from './identity-providers/queries.ts'
export {
  IdentityProvider,
  IdentityProviderQuery,
  IdentityProviders,
  IdpPath,
  IdpSettings,
  OidcSettings,
  SamlSettings,
  SignInOptions,
  SignInQuestion,
  SsoBinding,
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
  Invitations,
  InvitationToken,
  NewInvitation,
  Resending,
  SentInvitation,
} from './invitations/schema.ts'
export { purgeTenant } from './lifecycle/purge.ts'
export { changeTenantStatus, findTenantId } from './lifecycle/queries.ts'
export { Cancellation, Lifecycle, Purge, PurgeRequest, StatusChange } from './lifecycle/schema.ts'
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
export { createProject, listProjects, readProject, updateProject } from './projects/queries.ts'
export { NewProject, Project, ProjectChange, ProjectPath, ProjectQuery, Projects } from './projects/schema.ts'
export { createTenant, listTenants, readTenant, renameTenant, updateTenant } from './tenants/queries.ts'
export { NewSlug, NewTenant, Tenant, TenantChange, TenantQuery, Tenants } from './tenants/schema.ts'
