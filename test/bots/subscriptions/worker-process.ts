import process from 'node:process'
import { checkCheckouts, pushPayments } from '../../../lib/bots/index.ts'

// The workers of payments in a process of their own, for whoever wants to kill it.
await pushPayments({ lingerMs: 300 })
await checkCheckouts()
// Its pool would keep the process for half a minute.
process.exit(0)
