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
export { Member, MemberChange, MemberPath, Members } from './member-schema.ts'
export { listMembers, removeMember, updateMember } from './members.ts'
export { NewSlug, NewTenant, Page, Tenant, TenantChange, Tenants } from './tenant-schema.ts'
export { createTenant, listTenants, readTenant, renameTenant, updateTenant } from './tenants.ts'
