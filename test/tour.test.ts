import { expect, inject, it } from 'vitest'
import { readTour, runTour } from '../stack/cli/tour.ts'

it('every line of the README tour answers what it promises', async () => {
  const steps: string[] = []
  const broken: unknown[] = []
  await runTour(inject('stack'), await readTour(), (step) => {
    steps.push(step.code)
    if (!step.isAsPromised) broken.push(step)
  })
  expect(broken).toEqual([])
  expect(steps.length).toBeGreaterThan(15)
}, 120_000)
