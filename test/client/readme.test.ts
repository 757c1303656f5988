import { readFileSync } from 'node:fs'
import { expect, inject, it } from 'vitest'
import { runTour } from '../../stack/cli/tour.ts'

it('every example of the README of the client answers what it promises', async () => {
  const steps: string[] = []
  const broken: unknown[] = []
  await runTour(inject('stack'), readFileSync('lib/client/README.md', 'utf8'), (step) => {
    steps.push(step.code)
    if (!step.isAsPromised) broken.push(step)
  })
  expect(broken).toEqual([])
  expect(steps.length).toBeGreaterThan(8)
})
