export { messageIdOf, signatureHeaders } from './deliver.ts'
export { type DispatchReport, dispatch } from './dispatch.ts'
export { readMetrics } from './metrics.ts'
