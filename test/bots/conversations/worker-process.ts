import process from 'node:process'
import { answerContacts, sendToContacts } from '../../../lib/bots/index.ts'

// Both workers in a process of their own, for whoever wants to kill it.
await Promise.all([answerContacts({ lingerMs: 300 }), sendToContacts({ lingerMs: 500 })])
// Its pool would keep the process for half a minute.
process.exit(0)
