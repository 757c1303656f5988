export { inBackground } from './background.ts'
export { beforeEnd, log } from './log.ts'
