// npm run tour walks through the README's tour against the running stack, line by line.
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { inspect, isDeepStrictEqual } from 'node:util'
import { createClient } from '@supabase/supabase-js'
import WebSocket from 'ws'
import * as tenantry from '../../lib/client/index.ts'
import type { MachineLine } from './report.ts'

/** A line of the tour that says what it answers, and what it did answer. */
export interface TourStep {
  code: string
  expected: unknown
  actual: unknown
  isAsPromised: boolean
}

type Check = (code: string, actual: unknown, expected: unknown) => void

/** The tour of README.md. */
export async function readTour(): Promise<string> {
  const readme = await readFile(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8')
  return readme.slice(readme.indexOf('## A tour'), readme.indexOf('## Deploying'))
}

/**
 * Runs every js block of a page as one program. `expression // => value` reports a step; what the
 * blocks use besides (api, createClient, connect, coach, until) is given here.
 */
export async function runTour(
  stack: MachineLine,
  page: string,
  onStep: (step: TourStep) => void,
): Promise<void> {
  const lines = [...page.matchAll(/^```js\n(.*?)^```$/gms)].flatMap((match) => match[1]!.split('\n'))
  const program = lines.map((line) => {
    if (line.startsWith('import ')) return ''
    const [code, expected] = line.split(' // => ')
    if (expected === undefined) return line
    const expression = code!.replace(/^;/, '')
    return `;check(${JSON.stringify(expression)}, ${expression}, ${expected})`
  })
  const check: Check = (code, actual, expected) =>
    onStep({ code, actual, expected, isAsPromised: isDeepStrictEqual(actual, expected) })
  const AsyncFunction = (async () => {}).constructor as new (
    ...source: string[]
  ) => (...given: unknown[]) => Promise<void>
  await new AsyncFunction(
    ...['check', 'api', 'createClient', 'Problem', 'NetworkFault', 'connect', 'coach', 'until'],
    program.join('\n'),
  )(
    check,
    stack.api_url,
    tenantry.createClient,
    tenantry.Problem,
    tenantry.NetworkFault,
    () =>
      createClient(stack.api_url, stack.publishable_key, {
        auth: { persistSession: false, autoRefreshToken: false },
        realtime: { transport: WebSocket as never },
      }),
    (slug: string) => {
      const { email, password } = stack.coaches.find((coach) => coach.tenant_slug === slug)!
      return { email, password }
    },
    until,
  )
}

/** Asks again until the answer is yes; cron looks once a minute. */
async function until(isSo: () => Promise<boolean>): Promise<boolean> {
  const giveUpAt = Date.now() + 90_000
  while (!(await isSo())) {
    if (Date.now() > giveUpAt) return false
    await sleep(1000)
  }
  return true
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { readOptions } = await import('./options.ts')
  const { status } = await import('./status.ts')
  const stack = await status(readOptions(['status', ...process.argv.slice(2)]))
  if (!stack) {
    console.error('No stack runs: "npm start" starts one.')
    process.exit(1)
  }
  console.log('The last step waits for cron, up to a minute.\n')
  let broken = 0
  await runTour(stack, await readTour(), ({ code, actual, expected, isAsPromised }) => {
    if (!isAsPromised) broken++
    console.log(
      `${isAsPromised ? '  ' : '✗ '}${code}\n    ${inspect(actual)}${isAsPromised ? '' : `, promised: ${inspect(expected)}`}`,
    )
  })
  process.exit(broken > 0 ? 1 : 0)
}
