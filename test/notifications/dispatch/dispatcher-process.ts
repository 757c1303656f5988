import process from 'node:process'
import { dispatchNotifications } from '../../../lib/notifications/index.ts'

// A dispatcher in a process of its own, for whoever wants to kill it.
await dispatchNotifications({ lingerMs: 100 })
// Its pool would keep the process for half a minute.
process.exit(0)
