export { readBrand, updateBrand } from './brand.ts'
export { Brand, BrandChange } from './brand-schema.ts'
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
