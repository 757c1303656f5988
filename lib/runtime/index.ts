export { inBackground } from './background.ts'
export { type Cell, csvCell, csvStream } from './csv.ts'
export { etagOf } from './etag.ts'
export { beforeEnd, log } from './log.ts'
