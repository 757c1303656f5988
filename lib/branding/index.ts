import './problems.ts'

export { previewBrand, tryBrand } from './brand/preview.ts'
export { readBrand, updateBrand } from './brand/queries.ts'
export { Brand, BrandChange, BrandPreview } from './brand/schema.ts'
export { renderThemeCss } from './brand/theme-css.ts'
export { Address, readAddress } from './domains/address.ts'
export { recheckDomains, verifyDomain } from './domains/checks.ts'
export { normaliseHost } from './domains/normalise-host.ts'
export { addDomain, listDomains, removeDomain, setPrimaryDomain } from './domains/queries.ts'
export { CheckedDomains, Domain, DomainPath, DomainQuery, Domains, NewDomain } from './domains/schema.ts'
export { listFonts } from './fonts/queries.ts'
export { Fonts } from './fonts/schema.ts'
export type { CachedPage } from './page/cache.ts'
export { findPageByDomain, findPageByHost, findPageBySlug, forgetPage } from './page/queries.ts'
export { PublicConfig } from './page/schema.ts'
export {
  getTenantByDomain,
  getTenantById,
  getTenantBySlug,
  getTenantForUser,
} from './page/tenant-profile.ts'
export { uploadCoachPhoto, uploadLogo } from './pictures/upload.ts'
