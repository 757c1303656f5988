import process from 'node:process'
import { answerContacts, sendToContacts } from '../../../lib/bots/index.ts'

// Both workers in a process of their own, for whoever wants to kill it. What is answered at last is sent too.
let isAnswered = false
const answering = answerContacts({ lingerMs: 500 }).finally(() => {
  isAnswered = true
})
while (!isAnswered) await sendToContacts({ lingerMs: 200 })
await answering
await sendToContacts({ lingerMs: 200 })
// Its pool would keep the process for half a minute.
process.exit(0)
