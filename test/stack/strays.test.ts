import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { isAlive, listProcesses } from '../../stack/processes/processes.ts'
import { makeTempDir, runStack } from '../kit/stack.ts'
import { makeProject } from './project.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))

/** Whoever starts a stack, and the stack. */
interface Started {
  starter: ChildProcess
  access: { api_url: string; db_url: string; data_dir: string }
}

interface Status {
  running: boolean
  stays?: boolean
  strays: { what: string; pid: number }[]
}

let root: string
let folder: string
let dataDir: string
beforeAll(async () => {
  root = await makeProject({
    'supabase/migrations/20250101000000_notes.sql': 'create table public.notes (id int primary key);',
    'functions/hello/index.ts': `Deno.serve(() => new Response('hello'))`,
  })
  folder = realpathSync(await makeTempDir())
  dataDir = join(folder, 'data')
})
afterEach(async () => {
  await runStack(['stop', '--data', dataDir])
})
afterAll(async () => {
  for (const path of [root, folder]) await rm(path, { recursive: true, force: true })
})

/** Runs a command that starts a stack, in a session of its own. */
async function start(command: string, ...args: string[]): Promise<Started> {
  const starter = spawn(command, args, {
    cwd: project,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  starter.stderr.on('data', (chunk) => {
    said += chunk
  })
  const line = await new Promise<string>((resolve, reject) => {
    let out = ''
    starter.stdout.on('data', (chunk) => {
      out += chunk
      const found = /^\{.*\}$/m.exec(out)
      if (found) resolve(found[0])
    })
    starter.once('exit', () => reject(new Error(`It did not start:\n${out}${said}`)))
  })
  return { starter, access: JSON.parse(line) }
}

const flags = () => ['--json', '--port', '0', '--data', dataDir, '--root', root]
const npmStart = (...more: string[]) => start('npm', 'start', '--', ...flags(), ...more)

/** Every process that has to do with the data folder: the stack, Postgres, functions, the guard. */
function family(): number[] {
  const all = listProcesses()
  const mains = all.filter(({ command }) => command.includes(dataDir))
  const ids = new Set(mains.map(({ pid }) => pid))
  return all.filter(({ pid, parent }) => ids.has(pid) || ids.has(parent)).map(({ pid }) => pid)
}
const stackItself = () =>
  listProcesses().filter(
    ({ command }) => /^\S*node \S*run\.js \S*main\.ts/.test(command) && command.includes(dataDir),
  )
const partsOf = (pid: number) => listProcesses().filter(({ parent }) => parent === pid)

async function expectNothingLeft(before: number[]): Promise<void> {
  await expect.poll(() => [...before.filter(isAlive), ...family()], { interval: 200 }).toEqual([])
  // Postgres was asked to stop, and not cut off.
  expect(existsSync(join(dataDir, 'postgres/postmaster.pid'))).toBe(false)
}

async function status(): Promise<Status> {
  return JSON.parse((await runStack(['status', '--json', '--data', dataDir])).stdout)
}
const says = (access: Started['access']) =>
  fetch(`${access.api_url}/functions/v1/hello`).then(
    (answer) => answer.text(),
    () => 'nothing',
  )

describe('a stack whose starter is gone', () => {
  test.each(['SIGTERM', 'SIGKILL', 'SIGHUP'] as const)(
    'ends when %s ends npm start',
    async (signal) => {
      const { starter, access } = await npmStart()
      const before = family()
      expect(before.length).toBeGreaterThan(4)
      expect(await says(access)).toBe('hello')
      starter.kill(signal)
      await expectNothingLeft(before)
      expect(await status()).toEqual({ running: false, strays: [] })
    },
    60_000,
  )

  test('ends with any of the processes between npm and itself', async () => {
    const { starter } = await npmStart()
    const before = family()
    const between = listProcesses().filter(({ parent }) => parent === starter.pid)
    expect(between.length).toBe(1)
    process.kill(between[0]!.pid, 'SIGKILL')
    await expectNothingLeft(before)
  })

  test('ends with a program that started it by way of another', async () => {
    const inner = `require('node:child_process').spawn(process.execPath, ${JSON.stringify([
      join(project, 'stack/run.js'),
      join(project, 'stack/main.ts'),
      'start',
      ...flags(),
    ])}, { stdio: 'inherit' })`
    const outer = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(inner)}], { stdio: 'inherit' })`
    const { starter } = await start(process.execPath, '-e', outer)
    const before = family()
    starter.kill('SIGKILL')
    await expectNothingLeft(before)
  })

  test('goes on when only the shell ended that ran npm start in the background', async () => {
    const { starter, access } = await start('sh', '-c', `npm start -- ${flags().join(' ')} & wait $!`)
    starter.kill('SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    expect(await says(access)).toBe('hello')
    const before = family()
    expect((await runStack(['stop', '--data', dataDir])).code).toBe(0)
    await expectNothingLeft(before)
  })

  test('goes on with --stay, until npm run stop', async () => {
    const { starter, access } = await npmStart('--stay')
    starter.kill('SIGKILL')
    const [itself] = stackItself()
    process.kill(itself!.pid, 'SIGHUP')
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    expect(await says(access)).toBe('hello')
    expect(await status()).toMatchObject({ running: true, stays: true, strays: [], api_url: access.api_url })
    const told = await runStack(['status', '--data', dataDir])
    expect(told.stdout).toContain('"npm run stop" stops it')
    // What it says has no reader any more, which must not end it either.
    process.kill((await pids(itself!.pid, 'postgres')).pid, 'SIGKILL')
    const isBack = () =>
      fetch(`${access.api_url}/rest/v1/notes?limit=1`).then(
        ({ status }) => status < 500,
        () => false,
      )
    await expect.poll(isBack).toBe(true)

    const before = family()
    const stopped = await runStack(['stop', '--data', dataDir])
    expect([stopped.code, stopped.stderr]).toEqual([0, expect.stringContaining('has stopped (process')])
    await expectNothingLeft(before)
  })
})

async function pids(stack: number, name: string) {
  const found = partsOf(stack).find(({ command }) => command.includes(name))
  if (!found) throw new Error(`no ${name} among the parts`)
  return found
}

describe('what a stack left behind that was killed with its guard', () => {
  /** Kills the stack and the guard with -9, so that nobody ends the rest. */
  async function leaveStrays(): Promise<number[]> {
    const { starter } = await npmStart()
    const [itself] = stackItself()
    const parts = partsOf(itself!.pid)
    const guard = parts.find(({ command }) => command.includes('trap'))
    const strays = parts.filter((part) => part !== guard).map(({ pid }) => pid)
    process.kill(guard!.pid, 'SIGKILL')
    process.kill(itself!.pid, 'SIGKILL')
    starter.kill('SIGKILL')
    await expect.poll(() => [guard!.pid, itself!.pid].some(isAlive)).toBe(false)
    return strays.toSorted((a, b) => a - b)
  }

  test('is told by status, and ended by stop', async () => {
    const left = await leaveStrays()
    expect(left.length).toBeGreaterThanOrEqual(2)
    const { running, strays } = await status()
    expect(running).toBe(false)
    expect(strays.map(({ pid }) => pid).toSorted((a, b) => a - b)).toEqual(left)
    expect(strays.map(({ what }) => what).toSorted()).toEqual(['Postgres', 'the function hello'])
    const told = await runStack(['status', '--data', dataDir])
    expect([told.code, told.stderr]).toEqual([
      1,
      expect.stringMatching(/left behind: .*Postgres \(process \d+\).*"npm run stop"/),
    ])

    const stopped = await runStack(['stop', '--data', dataDir])
    expect([stopped.code, stopped.stderr]).toEqual([
      0,
      expect.stringContaining('the function hello (process'),
    ])
    await expectNothingLeft(left)
    const again = await runStack(['stop', '--data', dataDir])
    expect([again.code, again.stderr]).toEqual([0, `Nothing runs on ${dataDir}.\n`])
  })

  test('is ended by the next start', async () => {
    const left = await leaveStrays()
    const { access } = await npmStart()
    expect(left.filter(isAlive)).toEqual([])
    expect(await says(access)).toBe('hello')
    const client = new pg.Client({ connectionString: access.db_url })
    await client.connect()
    expect((await client.query('select from notes')).rows).toEqual([])
    await client.end()
    expect(await status()).toMatchObject({ running: true, stays: false, strays: [] })
  })
})

describe('a test run that is killed leaves nothing running', () => {
  const run = () => join(folder, 'run')
  beforeAll(async () => {
    await mkdir(run())
    const kit = join(project, 'test/kit')
    await writeFile(
      join(run(), 'waits.test.ts'),
      `import { test } from ${JSON.stringify(join(project, 'node_modules/vitest/dist/index.js'))}
       import { bootStack } from ${JSON.stringify(join(kit, 'stack.ts'))}
       test('waits', { timeout: 600_000 }, async () => {
         await bootStack({ args: ['--no-seed'], root: ${JSON.stringify(root)}, dataDir: ${JSON.stringify(dataDir)} })
         console.log('{"waiting":true}')
         await new Promise(() => {})
       })`,
    )
    await writeFile(
      join(run(), 'vitest.config.ts'),
      `export default { test: { include: ['*.test.ts'], pool: 'forks', disableConsoleIntercept: true,
         globalSetup: [${JSON.stringify(join(kit, 'global-stack.ts'))}] } }`,
    )
  })

  test.each([
    ['vitest itself', [process.execPath, join(project, 'node_modules/vitest/vitest.mjs')]],
    ['the npm in front of it', ['npm', 'exec', '--no', '--', 'vitest']],
  ])(
    'when it is %s',
    async (_, command) => {
      const before = new Set(listProcesses().map(({ pid }) => pid))
      const isNew = ({ pid }: { pid: number }) => !before.has(pid)
      // The run, its stacks and their parts have the folder in their command lines.
      const left = () => listProcesses().filter((each) => isNew(each) && each.command.includes(folder))
      const env = [`TMPDIR=${run()}`, `TENANTRY_TEST_ROOT=${root}`]
      const { starter } = await start('env', ...env, ...command, 'run', '--root', run())
      try {
        expect(left().filter(({ command }) => command.includes('main.ts'))).toHaveLength(2)
        starter.kill('SIGKILL')
        await expect.poll(left, { interval: 500 }).toEqual([])
      } finally {
        for (const { pid } of left()) process.kill(pid, 'SIGKILL')
      }
    },
    120_000,
  )
})
