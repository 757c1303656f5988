import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BootedStack, bootStack, makeTempDir } from '../kit/stack.ts'
import { makeProject } from './project.ts'

const rounds = 3

let root: string
let dataDir: string
let stack: BootedStack
/** Every id whose insert was answered with success, over all rounds. */
const acknowledged = new Set<number>()
let nextId = 1

beforeAll(async () => {
  root = await makeProject({
    'supabase/migrations/20250101000000_notes.sql': 'create table public.notes (id int primary key);',
    'functions/hello/index.ts': `Deno.serve(() => new Response('hello'))`,
  })
  dataDir = join(await makeTempDir(), 'data')
  stack = await boot()
})

afterAll(async () => {
  await stack.stop()
  await rm(root, { recursive: true, force: true })
  await rm(join(dataDir, '..'), { recursive: true, force: true })
})

const boot = () => bootStack({ dataDir, root })

/**
 * Inserts one row after another, through SQL and REST at once, until the returned function is called. Comes back in the
 * middle of it, when enough were acknowledged.
 */
async function writeSteadily(): Promise<() => Promise<void>> {
  const before = acknowledged.size
  const { api_url, db_url, secret_key } = stack.access
  let writing = true
  const overSql = async () => {
    const client = new pg.Client({ connectionString: db_url })
    client.on('error', () => {})
    await client.connect()
    while (writing) {
      const id = nextId++
      await client.query('insert into notes values ($1)', [id])
      acknowledged.add(id)
    }
    await client.end()
  }
  const overRest = async () => {
    while (writing) {
      const id = nextId++
      const answer = await fetch(`${api_url}/rest/v1/notes`, {
        method: 'POST',
        headers: { apikey: secret_key, 'content-type': 'application/json' },
        body: JSON.stringify({ id }),
        signal: AbortSignal.timeout(5000),
      })
      if (!answer.ok) return
      acknowledged.add(id)
    }
  }
  // Whatever cannot write any more ends here; only what was acknowledged counts.
  const writers = [overSql(), overSql(), overRest()].map((writer) => writer.catch(() => {}))
  await expect.poll(() => acknowledged.size, { interval: 5 }).toBeGreaterThan(before + 50)
  await sleep(Math.random() * 200)
  return async () => {
    writing = false
    await Promise.all(writers)
  }
}

async function missing(): Promise<number[]> {
  const client = new pg.Client({ connectionString: stack.access.db_url })
  await client.connect()
  const { rows } = await client.query<{ id: number }>('select id from notes')
  await client.end()
  const found = new Set(rows.map((row) => row.id))
  return [...acknowledged].filter((id) => !found.has(id))
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  // Killed, and only waiting for its parent to look.
  const stat = `/proc/${pid}/stat`
  return !(existsSync(stat) && readFileSync(stat, 'utf8').includes(') Z '))
}

const answers = async (path: string, headers: Record<string, string> = {}) =>
  (await fetch(stack.access.api_url + path, { headers, signal: AbortSignal.timeout(5000) }).catch(() => null))
    ?.ok ?? false

describe('kill -9 in the middle of writes', () => {
  test('of Postgres: it comes back by itself, and acknowledged writes are there', async () => {
    for (let round = 0; round < rounds; round++) {
      const stopWriting = await writeSteadily()
      const { postgres_pid } = (await stack.stackFile()).runtime
      process.kill(postgres_pid, 'SIGKILL')
      await stopWriting()
      const isBack = () => answers('/rest/v1/notes?limit=1', { apikey: stack.access.secret_key })
      await expect.poll(isBack, { interval: 100 }).toBe(true)
      expect(await missing()).toEqual([])
      const recorded = async () => (await stack.stackFile()).runtime.postgres_pid
      await expect.poll(recorded).not.toBe(postgres_pid)
    }
  })

  test('of the gateway: nothing it started stays, and the next start has all acknowledged writes', async () => {
    for (let round = 0; round < rounds; round++) {
      const stopWriting = await writeSteadily()
      const { runtime } = await stack.stackFile()
      const ended = new Promise((resolve) => stack.process.once('exit', resolve))
      stack.process.kill('SIGKILL')
      await Promise.all([ended, stopWriting()])
      // Round two starts at once, while the server may still be stopping.
      if (round !== 1) {
        const pids = [runtime.postgres_pid, ...Object.values(runtime.functions).map(({ pid }) => pid)]
        await expect.poll(() => pids.filter(runs)).toEqual([])
      }
      stack = await boot()
      expect(await missing()).toEqual([])
      await expect.poll(() => answers('/functions/v1/hello')).toBe(true)
    }
  })

  test('of the gateway and Postgres together', async () => {
    const stopWriting = await writeSteadily()
    const { runtime } = await stack.stackFile()
    const ended = new Promise((resolve) => stack.process.once('exit', resolve))
    process.kill(runtime.postgres_pid, 'SIGKILL')
    stack.process.kill('SIGKILL')
    await Promise.all([ended, stopWriting()])
    stack = await boot()
    expect(await missing()).toEqual([])
  })

  test('Ctrl-C stops everything that was started', async () => {
    const { runtime } = await stack.stackFile()
    const ended = new Promise((resolve) => stack.process.once('exit', resolve))
    stack.process.kill('SIGINT')
    expect(await ended).toBe(0)
    expect(
      [runtime.postgres_pid, ...Object.values(runtime.functions).map(({ pid }) => pid)].filter(runs),
    ).toEqual([])
    stack = await boot()
    expect(await missing()).toEqual([])
  })
})
