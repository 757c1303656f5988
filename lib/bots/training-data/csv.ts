import { CsvError, parse } from 'csv-parse/sync'
import { type Db, type FieldError, Problem, sql } from '../../db/index.ts'
import { type Cell, csvStream } from '../../runtime/index.ts'
import { findBot } from '../bots/queries.ts'
import { listTrainingData } from './queries.ts'
import { type ImportedRow, ImportRow, type TrainingImport, type TrainingQuery } from './schema.ts'

const columns = [
  'ref_id',
  'data_type',
  'question',
  'answer',
  'category',
  'locale',
  'priority',
  'confidence_score',
  'is_active',
  'min_level',
] as const
/** In a file, "*" is a row in no language: an empty cell is the language of the tenant. */
const blanks: Partial<Record<(typeof columns)[number], string>> = { locale: '*' }
const mostRows = 10_000
const pageSize = 100
const partSize = 500
const mostErrors = 20

/** All training data of a bot that a query asks for, as CSV, the newest first. What it writes can be imported again. */
export function writeTrainingData(
  db: Db,
  tenantId: string,
  ref: string,
  query: TrainingQuery,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  return csvStream(columns, readPages(db, tenantId, ref, query))
}

async function* readPages(
  db: Db,
  tenantId: string,
  ref: string,
  query: TrainingQuery,
): AsyncGenerator<Cell[][], void> {
  let cursor = query.cursor
  do {
    const page = await listTrainingData(db, tenantId, ref, { ...query, cursor, limit: pageSize })
    yield page.training_data.map((row): Cell[] =>
      columns.map((column) => cellOf(row[column] ?? blanks[column])),
    )
    const last = page.training_data.at(-1)
    cursor = page.next_cursor !== null && last ? { ref_id: last.ref_id } : undefined
  } while (cursor)
}

const cellOf = (value: string | number | boolean | null | undefined): Cell =>
  typeof value === 'boolean' ? String(value) : (value ?? null)

/**
 * Adds the rows of a CSV file, and changes those that are there: a row with the same ref_id, or else one with the same
 * question and language. So a file that is sent twice changes nothing. All of it, or nothing. 402 limit_reached; 404
 * not_found; 422 invalid_value with the line and the column.
 */
export function importTrainingData(
  db: Db,
  tenantId: string,
  ref: string,
  file: Uint8Array,
): Promise<TrainingImport> {
  const rows = readRows(file)
  return db.transaction(async (tx) => {
    const bot = await findBot(tx, tenantId, ref)
    await requireKnown(tx, tenantId, bot, rows)
    const actions: string[] = []
    // In parts, because each statement has a few seconds, and each row leaves one in the audit log.
    for (let at = 0; at < rows.length; at += partSize)
      actions.push(...(await mergeRows(tx, tenantId, bot, rows.slice(at, at + partSize))))
    const added = actions.filter((action) => action === 'INSERT').length
    return { rows: rows.length, added, changed: actions.length - added }
  })
}

async function mergeRows(db: Db, tenantId: string, bot: string, rows: ImportedRow[]): Promise<string[]> {
  const merged = await db.query<{ action: string }>(sql`
      merge into public.bot_training_data as d
      using (
        with given as (
          select r.*, coalesce(r.locale, left(t.locale, 2)) as language
          from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (ref_id text, data_type public.bot_data_type, question text,
            answer text, category text, locale text, priority int, confidence_score numeric, is_active boolean,
            min_level int)
          join public.tenants as t on t.id = ${tenantId}
        ), known as (
          -- All rows of the bot are read once, and not for each row of the file.
          select o.id, o.ref_id, first_value(o.id) over (partition by o.question, coalesce(o.locale, '*') order by o.id) as first_id,
            o.question, coalesce(o.locale, '*') as language
          from public.bot_training_data as o where o.tenant_id = ${tenantId} and o.bot_id = ${bot}
        )
        select coalesce(k.id, s.id) as found_id, g.* from given as g
        left join known as k on k.ref_id = g.ref_id
        left join known as s on g.ref_id is null and s.id = s.first_id and s.question = g.question and s.language = g.language) as n
      on d.tenant_id = ${tenantId} and d.id = n.found_id
      when matched and (d.data_type, d.question, d.answer, d.category, coalesce(d.locale, '*'), d.priority, d.confidence_score, d.is_active, d.min_level)
          is distinct from (n.data_type, n.question, n.answer, n.category, n.language, n.priority, n.confidence_score, n.is_active, n.min_level) then
        update set data_type = n.data_type, question = n.question, answer = n.answer, category = n.category,
          locale = nullif(n.language, '*'), priority = n.priority, confidence_score = n.confidence_score, is_active = n.is_active,
          min_level = n.min_level
      when not matched and n.ref_id is null then
        insert (tenant_id, bot_id, data_type, question, answer, category, locale, priority, confidence_score, is_active, min_level)
        values (${tenantId}, ${bot}, n.data_type, n.question, n.answer, n.category, nullif(n.language, '*'), n.priority, n.confidence_score,
          n.is_active, n.min_level)
      returning merge_action() as action`)
  return merged.map(({ action }) => action)
}

/** A ref_id that the bot does not have is a mistake of the file, and not a new row. */
async function requireKnown(db: Db, tenantId: string, bot: string, rows: ImportedRow[]): Promise<void> {
  const named = rows.flatMap(({ ref_id }, at) => (ref_id === undefined ? [] : [{ ref_id, line: at + 2 }]))
  if (named.length === 0) return
  const unknown = await db.query<{ line: number }>(sql`
    select n.line from jsonb_to_recordset(${JSON.stringify(named)}::jsonb) as n (ref_id text, line int)
    where not exists (select from public.bot_training_data as d
      where d.tenant_id = ${tenantId} and d.bot_id = ${bot} and d.ref_id = n.ref_id) order by n.line`)
  refuse(unknown.map(({ line }) => ({ pointer: `/${line}/ref_id`, detail: 'is no row of this bot' })))
}

function readRows(file: Uint8Array): ImportedRow[] {
  const records = readRecords(file)
  if (records.length === 0) refuse([{ pointer: '', detail: 'has no rows' }])
  if (records.length > mostRows)
    refuse([{ pointer: '', detail: `has more than ${mostRows} rows: send it in parts` }])
  const errors: FieldError[] = []
  const lines = new Map<string, number>()
  const rows = records.flatMap((record, at) => {
    // The first line has the names of the columns.
    const line = at + 2
    const read = ImportRow.safeParse(record)
    if (!read.success) {
      errors.push(
        ...read.error.issues.map(({ path, message }) => ({
          pointer: `/${[line, ...path].join('/')}`,
          detail: message,
        })),
      )
      return []
    }
    const { ref_id, question, locale } = read.data
    const same = ref_id ?? JSON.stringify([question, locale])
    const first = lines.get(same)
    if (first !== undefined)
      errors.push({ pointer: `/${line}/question`, detail: `is that of line ${first} again` })
    lines.set(same, line)
    return [read.data]
  })
  refuse(errors)
  return rows
}

function readRecords(file: Uint8Array): Record<string, string>[] {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(file)
    return parse(text, {
      columns: readHead,
      bom: true,
      skip_empty_lines: true,
      trim: true,
      delimiter: delimiterOf(text),
      cast: (cell, { header }) => (header ? cell : withoutGuard(cell)),
    })
  } catch (thrown) {
    if (thrown instanceof TypeError) return refuse([{ pointer: '', detail: 'must be UTF-8 text' }])
    if (!(thrown instanceof CsvError)) throw thrown
    return refuse([{ pointer: `/${thrown.lines ?? 1}`, detail: thrown.message }])
  }
}

/** Spreadsheets of some countries write a semicolon. No name of a column has any of these. */
function delimiterOf(text: string): string {
  const head = text.slice(0, text.search(/[\r\n]|$/))
  return [';', '\t'].find((one) => head.includes(one)) ?? ','
}

function readHead(names: string[]): string[] {
  const unknown = names.filter((name) => !(columns as readonly string[]).includes(name))
  if (unknown.length > 0 || !names.includes('question') || new Set(names).size < names.length)
    refuse([
      {
        pointer: '/1',
        detail: `must name the columns: question, answer, and of ${columns.join(', ')} what you have, each once`,
      },
    ])
  return names
}

/** csvCell() writes an apostrophe in front of what a spreadsheet would run. */
const withoutGuard = (cell: string) => cell.replace(/^'(?=[=+\-@\t\r\n])/, '')

function refuse(errors: FieldError[]): never
function refuse(errors: FieldError[]): void
function refuse(errors: FieldError[]): void {
  if (errors.length === 0) return
  throw new Problem('invalid_value', 'The file was not imported. A pointer names the line and the column.', {
    errors: errors.slice(0, mostErrors),
  })
}
