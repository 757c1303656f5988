import { type Db, Problem, readPage, sql } from '../../db/index.ts'
import { findBot } from '../bots/queries.ts'
import {
  type NewTrainingRow,
  type TrainingChange,
  type TrainingQuery,
  type TrainingRow,
  type TrainingRows,
  trainingOrder,
} from './schema.ts'

const trainingColumns = sql`
  d.ref_id, d.data_type, d.question, d.answer, d.category, d.locale, d.priority, d.confidence_score::float8 as confidence_score, d.is_active,
  d.min_level, d.created_at, d.updated_at`

export interface RowPath {
  bot: string
  row: string
}

/** A page of a bot's training data, the newest first. 404 not_found. */
export async function listTrainingData(
  db: Db,
  tenantId: string,
  ref: string,
  { limit, cursor, category, is_active, has_answer, search }: TrainingQuery,
): Promise<TrainingRows> {
  const bot = await findBot(db, tenantId, ref)
  const { rows, next_cursor } = await readPage<TrainingRow>(
    db,
    trainingOrder,
    { limit, cursor, category, is_active, has_answer, search },
    (rowCount) => sql`
    select ${trainingColumns} from public.bot_training_data as d
    where d.tenant_id = ${tenantId} and d.bot_id = ${bot}
      and (${cursor?.ref_id}::text is null or d.id < private.ulid_to_uuid(${cursor?.ref_id}))
      and (${category}::text is null or d.category = ${category})
      and (${is_active}::boolean is null or d.is_active = ${is_active})
      and (${has_answer}::boolean is null or (d.answer is not null) = ${has_answer})
      and (${search}::text is null or strpos(d.question_folded, nullif(private.fold_text(${search}), '')) > 0)
    order by d.id desc limit ${rowCount}`,
  )
  return { training_data: rows, next_cursor }
}

/** 404 not_found. */
export async function readTrainingRow(db: Db, tenantId: string, path: RowPath): Promise<TrainingRow> {
  const [row] = await db.query<TrainingRow>(sql`
    select ${trainingColumns} from public.bot_training_data as d where ${isNamed(tenantId, path)}`)
  if (!row) throw noSuchRow()
  return row
}

/** 402 limit_reached; 404 not_found; 422 invalid_value. */
export async function addTrainingRow(
  db: Db,
  tenantId: string,
  ref: string,
  given: NewTrainingRow,
): Promise<TrainingRow> {
  return db.transaction(async (tx) => {
    const bot = await findBot(tx, tenantId, ref)
    return tx.one<TrainingRow>(sql`
      insert into public.bot_training_data as d (tenant_id, bot_id, data_type, question, answer, category, locale, priority, confidence_score,
        is_active, min_level)
      select ${tenantId}, ${bot}, coalesce(n.data_type, 'faq'), n.question, n.answer, n.category,
        case when ${'locale' in given} then n.locale else (select left(t.locale, 2) from public.tenants as t where t.id = ${tenantId}) end,
        coalesce(n.priority, 0), coalesce(n.confidence_score, 1), coalesce(n.is_active, n.answer is not null), coalesce(n.min_level, 0)
      from jsonb_populate_record(null::public.bot_training_data, ${JSON.stringify(given)}::jsonb) as n
      returning ${trainingColumns}`)
  })
}

/** Changes what is named. 404 not_found; 422 invalid_value. */
export async function changeTrainingRow(
  db: Db,
  tenantId: string,
  path: RowPath,
  change: TrainingChange,
): Promise<TrainingRow> {
  const [row] = await db.query<TrainingRow>(sql`
    update public.bot_training_data as d set
      (data_type, question, answer, category, locale, priority, confidence_score, is_active, min_level) = (
      select n.data_type, n.question, n.answer, n.category, n.locale, n.priority, n.confidence_score, n.is_active, n.min_level
      from jsonb_populate_record(d, ${JSON.stringify(change)}::jsonb) as n)
    where ${isNamed(tenantId, path)} returning ${trainingColumns}`)
  if (!row) throw noSuchRow()
  return row
}

/** 404 not_found. */
export async function deleteTrainingRow(db: Db, tenantId: string, path: RowPath): Promise<void> {
  const gone = await db.query(sql`
    delete from public.bot_training_data as d where ${isNamed(tenantId, path)} returning 1`)
  if (gone.length === 0) throw noSuchRow()
}

const isNamed = (tenantId: string, { bot, row }: RowPath) => sql`
  d.tenant_id = ${tenantId} and d.bot_id = private.ulid_to_uuid(${bot}) and d.ref_id = ${row}`

const noSuchRow = () => new Problem('not_found', 'This bot has no training data with this ref_id.')
