import fc from 'fast-check'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { makeTenant } from '../../../kit/tenants.ts'
import { makeQueue, type Queue } from '../world.ts'
import { someCommands } from './commands.ts'
import { QueueModel } from './model.ts'

/** More of them, or the same again: TENANTRY_QUEUE_RUNS=2000 TENANTRY_QUEUE_SEED=… npx vitest run test/webhooks/queue/model. */
const runs = Number(process.env.TENANTRY_QUEUE_RUNS ?? 40)
const seed = process.env.TENANTRY_QUEUE_SEED
const most = 60

let queue: Queue
beforeAll(async () => {
  queue = await makeQueue()
})
afterAll(() => queue.close())

describe('the queue, whatever is done to it', () => {
  it('loses nothing, leases nothing twice, keeps the order of keys, and never oversleeps', {
    timeout: 60_000 + runs * 10_000,
  }, async () => {
    const tenants = [(await makeTenant({ db: queue.db })).id, (await makeTenant({ db: queue.db })).id]
    const workers = [await queue.db.connect(), await queue.db.connect(), await queue.db.connect()]
    try {
      await fc.assert(
        fc.asyncProperty(someCommands(most), async (commands) => {
          const model = new QueueModel(queue, tenants, workers)
          await model.begin()
          for (const command of commands) await model.run(command)
          await model.drain()
        }),
        { numRuns: runs, ...(seed ? { seed: Number(seed) } : {}), endOnFailure: false },
      )
    } finally {
      for (const worker of workers) worker.release()
    }
  })
})
