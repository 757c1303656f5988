export { readBrand, updateBrand } from './brand.ts'
export { Brand, BrandChange } from './brand-schema.ts'
export { recheckDomains, verifyDomain } from './domain-checks.ts'
export { CheckedDomains, Domain, DomainPath, Domains, NewDomain } from './domain-schema.ts'
export { addDomain, listDomains, removeDomain, setPrimaryDomain } from './domains.ts'
export { normaliseHost } from './normalise-host.ts'
export type { CachedPage } from './page-cache.ts'
export { PublicConfig } from './public-config.ts'
export { findPageByDomain, findPageByHost, findPageBySlug, forgetPage } from './public-page.ts'
export {
  getTenantByDomain,
  getTenantById,
  getTenantBySlug,
  getTenantForUser,
  type TenantProfile,
} from './tenant-profile.ts'
export { renderThemeCss } from './theme-css.ts'
