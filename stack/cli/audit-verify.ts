// npm run audit:verify walks every tenant's audit chain and names the first break of each.
import { createReadStream, existsSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pg from 'pg'
import {
  type AuditCheckpoint,
  breakOf,
  linesOf,
  readCheckpoint,
  verifyExport,
  walkChain,
} from '../../lib/audit/index.ts'
import { StackFailure } from '../failure.ts'
import { readStackFile } from '../secrets.ts'

const usage = `Usage: npm run audit:verify -- [--data DIR | --export FILE] [--checkpoint FILE] [--save-checkpoint FILE]
  --data DIR              the running stack's data folder (default .tenantry)
  --export FILE           an export of one audit log as JSON lines, in place of a database
  --checkpoint FILE       what an earlier run saved: nothing before it may have changed since
  --save-checkpoint FILE  writes how far each chain holds. Keep it where the database's owner cannot write.
Without --data, the environment variable TENANTRY_DB_URL, or else SUPABASE_DB_URL, names any other database, as a role
that reads public.audit_log and private.audit_heads.
Exit code 1 when a chain is broken, 2 when nothing could be verified.`

const dbUrlRefusal =
  'Every user of this machine can read a command line, so a database with its password is not named there. Set TENANTRY_DB_URL instead.'

try {
  process.exitCode = (await run(process.argv.slice(2))) ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}

async function run(args: string[]): Promise<boolean> {
  const options = readOptions(args)
  const saved = options.checkpoint ? await readCheckpoints(options.checkpoint) : []
  if (options.export) return verifyFile(options.export, saved, options['save-checkpoint'])
  const db = new pg.Client({
    connectionString: await findDatabase(options),
    application_name: 'audit-verify',
  })
  await db.connect()
  try {
    const tenants = await listTenants(db, saved)
    const checkpoints: AuditCheckpoint[] = []
    let broken = 0
    let rows = 0
    for (const { id, name } of tenants) {
      const { checkpoint, ...verdict } = await walk(db, id, name)
      rows += checkpoint.seq
      const first =
        verdict.break ??
        (await compare(
          db,
          saved.find(({ tenant }) => tenant === id),
        ))
      if (first) {
        broken++
        console.log(`BROKEN  ${name}: ${first.problem} at ${first.seq ?? 'its end'}. ${first.detail}`)
      } else {
        checkpoints.push(checkpoint)
        console.log(`intact  ${name}: ${checkpoint.seq} rows`)
      }
    }
    console.log(
      `${tenants.length} chains, ${rows} rows: ${broken === 0 ? 'all intact' : `${broken} broken`}.`,
    )
    // A broken chain keeps its older checkpoint. A new one would confirm the broken state.
    if (options['save-checkpoint'] && broken === 0) await save(options['save-checkpoint'], checkpoints)
    return broken === 0
  } finally {
    await db.end()
  }
}

function readOptions(args: string[]) {
  try {
    const text = { type: 'string' } as const
    const options = { data: text, export: text, checkpoint: text, 'save-checkpoint': text }
    // Not repeated in the refusal, which may be logged.
    if (args.some((arg) => /^--db-url(=|$)/.test(arg))) throw new Error(dbUrlRefusal)
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new StackFailure(`${(error as Error).message.split('\n')[0]}\n${usage}`)
  }
}

async function findDatabase(options: { data?: string | undefined }): Promise<string> {
  const named = process.env.TENANTRY_DB_URL || process.env.SUPABASE_DB_URL
  if (named && options.data === undefined) {
    if (!URL.canParse(named)) throw new StackFailure('TENANTRY_DB_URL or SUPABASE_DB_URL is not a URL.')
    // A variable of the shell is easily forgotten, so the output says whose chains these are.
    const { host, pathname } = new URL(named)
    console.error(`The database that the environment names: ${host}${pathname}`)
    return named
  }
  const dataDir = resolve(options.data ?? fileURLToPath(new URL('../../.tenantry', import.meta.url)))
  const url = (await readStackFile(dataDir))?.db_url
  if (!url) throw new StackFailure(`No stack has run on ${dataDir}: "npm start" starts one.\n${usage}`)
  return url
}

async function readCheckpoints(file: string): Promise<AuditCheckpoint[]> {
  if (!existsSync(file)) throw new StackFailure(`There is no checkpoint file ${file}.`)
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.trim() !== '')
  return lines.map((line, index) => {
    const checkpoint = readCheckpoint(line)
    if (!checkpoint) throw new StackFailure(`Line ${index + 1} of ${file} is no checkpoint.`)
    return checkpoint
  })
}

async function save(file: string, checkpoints: AuditCheckpoint[]): Promise<void> {
  await writeFile(`${file}.new`, checkpoints.map((checkpoint) => `${JSON.stringify(checkpoint)}\n`).join(''))
  await rename(`${file}.new`, file)
}

/** Without the database, as whoever has the export alone. */
async function verifyFile(file: string, saved: AuditCheckpoint[], saveTo: string | undefined) {
  if (!existsSync(file)) throw new StackFailure(`There is no export ${file}.`)
  if (saved.length > 1) throw new StackFailure('An export is of one tenant, and takes one checkpoint.')
  const verdict = await verifyExport(linesOf(createReadStream(file)), { kept: saved[0] })
  const { break: found, checkpoint } = verdict
  if (found) console.log(`BROKEN  ${found.problem} at ${found.seq}. ${found.detail}`)
  else console.log(`intact  up to its last line: ${checkpoint.seq} rows`)
  if (saveTo && verdict.is_intact) await save(saveTo, [checkpoint])
  return verdict.is_intact
}

/** Every tenant, and everything with rows, a head or a checkpoint, so that a chain that is gone is found too. */
async function listTenants(db: pg.Client, saved: AuditCheckpoint[]): Promise<{ id: string; name: string }[]> {
  const { rows } = await db.query<{ id: string; name: string }>(
    `with recursive logged as (
       (select tenant_id from public.audit_log order by tenant_id limit 1)
       union all
       select (select a.tenant_id from public.audit_log as a where a.tenant_id > l.tenant_id order by a.tenant_id limit 1)
       from logged as l where l.tenant_id is not null
     )
     select c.id, coalesce(t.slug, 'deleted tenant ' || c.id) as name from (
       select tenant_id as id from logged where tenant_id is not null
       union select tenant_id from private.audit_heads
       union select id from public.tenants
       union select unnest($1::uuid[])
     ) as c left join public.tenants as t on t.id = c.id order by name`,
    [saved.map(({ tenant }) => tenant)],
  )
  return rows
}

async function walk(db: pg.Client, tenant: string, name: string) {
  let reported = Date.now()
  return walkChain(tenant, async (afterSeq, afterHash) => {
    if (Date.now() - reported > 2_000) {
      reported = Date.now()
      console.error(`        ${name}: ${afterSeq} rows so far`)
    }
    const { rows } = await db.query('select * from private.find_audit_break($1, $2, $3)', [
      tenant,
      afterSeq,
      afterHash,
    ])
    return rows[0]
  })
}

/** Whether the row a checkpoint names is still that row. The chain before it hangs on its hash. */
async function compare(db: pg.Client, saved: AuditCheckpoint | undefined) {
  if (!saved || saved.seq === 0) return null
  const { rows } = await db.query<{ hash: string }>(
    'select hash from public.audit_log where tenant_id = $1 and seq = $2',
    [saved.tenant, saved.seq],
  )
  if (rows[0]?.hash === saved.hash) return null
  return breakOf(rows[0] ? 'checkpoint_mismatch' : 'checkpoint_missing', saved.seq)
}
