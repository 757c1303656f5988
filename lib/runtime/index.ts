export { inBackground } from './background.ts'
export { log } from './log.ts'
