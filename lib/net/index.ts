export { type Reach, reachOf } from './address.ts'
export { fetchPublic, type PublicAnswer, type PublicRequest } from './fetch-public.ts'
export { NetFault, type NetFaultCode } from './net-fault.ts'
export {
  type PinnedUrl,
  parsePublicUrl,
  pinUrl,
  type Resolve,
  systemResolve,
  type UrlPolicy,
  urlPolicy,
} from './public-url.ts'
