import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { readTour, runTour } from '../stack/cli/tour.ts'
import { admin } from './kit/db.ts'

const sweep = 'assessments: remove expired participant sessions'
const runsAt = async (schedule: string) =>
  admin.query('select cron.alter_job(jobid, schedule => $2) from cron.job where jobname = $1', [
    sweep,
    schedule,
  ])

// The tour's last step waits for cron, which need not take a whole minute here.
beforeAll(async () => {
  const { rows } = await admin.query('select schedule from cron.job where jobname = $1', [sweep])
  expect(rows).toEqual([{ schedule: '* * * * *' }])
  await runsAt('1 second')
})
afterAll(() => runsAt('* * * * *'))

it('every line of the README tour answers what it promises', async () => {
  const steps: string[] = []
  const broken: unknown[] = []
  await runTour(inject('stack'), await readTour(), (step) => {
    steps.push(step.code)
    if (!step.isAsPromised) broken.push(step)
  })
  expect(broken).toEqual([])
  expect(steps.length).toBeGreaterThan(15)
})
