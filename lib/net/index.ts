export { blockedNetworks, reachOf } from './address.ts'
export { fetchPublic, type PublicAnswer, type PublicRequest } from './fetch-public.ts'
export { NetFault } from './net-fault.ts'
export { parsePublicUrl, pinUrl, type UrlPolicy } from './public-url.ts'
