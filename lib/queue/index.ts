export { dispatch } from './dispatch.ts'
export type { DispatchLimits } from './limits.ts'
export {
  claimItems,
  completeItems,
  type ItemResult,
  type LeasedItem,
  leaseSeconds,
  type Queue,
} from './queue.ts'
export type { DispatchReport } from './report.ts'
