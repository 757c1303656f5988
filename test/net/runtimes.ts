import { runInDeno } from '../kit/run-in-deno.ts'
import { type Outcome, runSteps, type Step } from './steps.ts'

type RunSteps = (steps: (Step | Step[])[], blocked?: string) => Promise<Outcome[]>

/** Sockets and TLS are another implementation on Deno, where edge functions run: what must hold is shown on both. */
export const runtimes: [name: string, run: RunSteps][] = [
  ['Node', runSteps],
  [
    'Deno',
    async (steps, blocked = '') => {
      const printed = await runInDeno(`
        import { runSteps } from './test/net/steps.ts'
        console.log(JSON.stringify(await runSteps(${JSON.stringify(steps)}, ${JSON.stringify(blocked)})))`)
      return JSON.parse(printed)
    },
  ],
]
