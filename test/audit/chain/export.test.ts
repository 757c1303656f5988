import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linesOf, readCheckpoint, verifyExport } from '../../../lib/audit/index.ts'
import { call } from '../../kit/call.ts'
import { logPath, makeLog } from '../reading/log.ts'

/** The export of a tenant in which something happened, line by line. */
let lines: string[]
let folder: string
beforeAll(async () => {
  const { tenant, owner } = await makeLog()
  // What may be written in more than one way: as JSON, and in UTF-8.
  await call(`/registry/tenants/${tenant.slug}`, {
    ...{ method: 'PATCH', token: owner.token, headers: { 'x-forwarded-for': '2001:db8::1' } },
    body: { name: 'Zoë 🌱 "\\ \u2028\u0001 "metadata":{"x":1}' },
  })
  const response = await call(logPath(tenant, '/export?format=jsonl'), { token: owner.token })
  lines = (await response.text()).trimEnd().split('\n')
  folder = await mkdtemp(join(tmpdir(), 'tenantry-export-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function* each(of: readonly string[]) {
  yield* of
}
const check = (of: readonly string[], kept?: string) =>
  verifyExport(each(of), { kept: kept === undefined ? undefined : readCheckpoint(kept) })
const problemIn = async (of: readonly string[], kept?: string) => {
  const { break: found } = await check(of, kept)
  return found && [found.problem, found.seq]
}
/** The line of a row, with one field otherwise. */
const otherwise = (seq: number, change: object) =>
  lines.map((line, index) => {
    if (index !== seq - 1) return line
    const { metadata: _, ...row } = JSON.parse(line) as Record<string, unknown>
    const metadata = line.slice(line.indexOf('"metadata":') + 11, -1)
    const other = { ...row, ...change } as Record<string, unknown>
    const { metadata: changed = metadata, ...rest } = other
    return `${JSON.stringify(rest).slice(0, -1)},"metadata":${String(changed)}}`
  })

describe('an export', () => {
  it('that nobody touched holds to its last line, and gives a checkpoint that it then fits', async () => {
    const verdict = await check(lines)
    const last = JSON.parse(lines.at(-1)!) as { tenant_id: string; hash: string }
    expect(verdict).toEqual({
      is_intact: true,
      checkpoint: { tenant: last.tenant_id, seq: lines.length, hash: last.hash },
      break: null,
    })
    expect(await problemIn(lines, JSON.stringify(verdict.checkpoint))).toBeNull()
    // Written again, and so in other words, it is the same row.
    expect(await problemIn(otherwise(3, {}))).toBeNull()
  })

  it('names the row of which any field was changed', async () => {
    const row = JSON.parse(lines[4]!) as Record<string, unknown>
    const missed: string[] = []
    for (const [name, value] of Object.entries(row)) {
      const other =
        name === 'seq'
          ? 1_000
          : typeof value === 'boolean'
            ? !value
            : name === 'metadata'
              ? '{"changes": {}}'
              : name === 'created_at'
                ? String(value).replace(/.Z$/, (end) => (end === '1Z' ? '2Z' : '1Z'))
                : value === null
                  ? ''
                  : `${value}x`
      const found = await problemIn(otherwise(5, { [name]: other }))
      if (String(found) !== (name === 'seq' ? 'gap,5' : 'hash_mismatch,5')) missed.push(`${name}: ${found}`)
    }
    expect(missed).toEqual([])
    expect(Object.keys(row).length).toBeGreaterThan(20)
  })

  it('names a row that is missing, also the first, and what was cut since the checkpoint', async () => {
    const { checkpoint } = await check(lines)
    expect(await problemIn(lines.toSpliced(6, 1))).toEqual(['gap', 7])
    expect(await problemIn(lines.slice(1))).toEqual(['gap', 1])
    expect(await problemIn(lines.slice(0, -1))).toBeNull()
    expect(await problemIn(lines.slice(0, -1), JSON.stringify(checkpoint))).toEqual([
      'checkpoint_missing',
      lines.length,
    ])
  })

  it('is not the one of a checkpoint that names another row, and no checkpoint of another tenant is taken', async () => {
    const { checkpoint } = await check(lines.slice(0, 5))
    const other = { ...checkpoint, hash: 'a'.repeat(64) }
    expect(await problemIn(lines, JSON.stringify(other))).toEqual(['checkpoint_mismatch', 5])
    const elsewhere = {
      ...checkpoint,
      tenant: checkpoint.tenant.replace(/^./, (c) => (c === '0' ? '1' : '0')),
    }
    await expect(check(lines, JSON.stringify(elsewhere))).rejects.toThrow('of another tenant')
  })

  it('that is no export is told apart from a broken chain', async () => {
    await expect(check(['{"a": 1}'])).rejects.toThrow('This is no row of an export as JSON lines: {"a": 1}')
    await expect(check(['tenant_id,seq,id'])).rejects.toThrow('This is no row')
    await expect(check([lines[0]!.slice(0, 200)])).rejects.toThrow('This is no row')
  })

  it('is read in pieces that end anywhere', async () => {
    const bytes = new TextEncoder().encode('eins ü\n\nzwei 🌱\ndrei')
    for (const size of [1, 2, 3, 7]) {
      async function* pieces() {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
      }
      const found: string[] = []
      for await (const line of linesOf(pieces())) found.push(line)
      expect(found).toEqual(['eins ü', '', 'zwei 🌱', 'drei'])
    }
  })

  it.each(['', 'x', '[]', '{"tenant":1}', '{"tenant":"a","seq":1,"hash":"b"}'])(
    '%j is no checkpoint',
    (line) => expect(readCheckpoint(line)).toBeUndefined(),
  )
})

describe('npm run audit:verify -- --export', () => {
  const verify = (...args: string[]): Promise<{ code: number | null; said: string }> => {
    const [runner, script] = ['run.js', 'cli/audit-verify.ts'].map((file) =>
      fileURLToPath(new URL(`../../../stack/${file}`, import.meta.url)),
    )
    const child = spawn(process.execPath, [runner!, script!, ...args])
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, said })))
  }

  it('needs no database: it keeps a checkpoint, and finds what was changed since', async () => {
    const [log, checkpoint] = [join(folder, 'log.jsonl'), join(folder, 'checkpoint')]
    await writeFile(log, `${lines.join('\n')}\n`)
    expect(await verify('--export', log, '--save-checkpoint', checkpoint)).toEqual({
      code: 0,
      said: `intact  up to its last line: ${lines.length} rows\n`,
    })
    expect(await readFile(checkpoint, 'utf8')).toMatch(
      /^\{"tenant":"[0-9a-f-]{36}","seq":\d+,"hash":".{64}"\}\n$/,
    )
    await writeFile(log, otherwise(2, { actor_name: 'somebody else' }).join('\n'))
    const broken = await verify('--export', log, '--checkpoint', checkpoint)
    expect(broken).toMatchObject({ code: 1, said: expect.stringMatching(/^BROKEN {2}hash_mismatch at 2\. /) })
    expect(await verify('--export', join(folder, 'nowhere'))).toMatchObject({ code: 2 })
  })
})
