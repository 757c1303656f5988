import { type Db, Problem, readPage, sql } from '../../db/index.ts'
import { findBot } from '../bots/queries.ts'
import {
  type BotPlan,
  type BotPlanChange,
  type BotPlanQuery,
  type BotPlans,
  type NewBotPlan,
  planOrder,
} from './schema.ts'

const planColumns = sql`
  p.ref_id, p.plan_name, p.amount_minor::float8 as amount_minor, p.currency, p.level, p.plan_type, p.is_active, p.created_at, p.updated_at`

export interface PlanPath {
  bot: string
  plan: string
}

/** A page of a bot's plans, the newest first. 404 not_found. */
export async function listBotPlans(
  db: Db,
  tenantId: string,
  ref: string,
  { limit, cursor }: BotPlanQuery,
): Promise<BotPlans> {
  const bot = await findBot(db, tenantId, ref)
  const { rows, next_cursor } = await readPage<BotPlan>(
    db,
    planOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ${planColumns} from public.bot_plans as p
    where p.tenant_id = ${tenantId} and p.bot_id = ${bot}
      and (${cursor?.ref_id}::text is null or p.id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by p.id desc limit ${rowCount}`,
  )
  return { plans: rows, next_cursor }
}

/** 404 not_found. */
export async function readBotPlan(db: Db, tenantId: string, path: PlanPath): Promise<BotPlan> {
  const [plan] = await db.query<BotPlan>(sql`
    select ${planColumns} from public.bot_plans as p where ${isNamed(tenantId, path)}`)
  if (!plan) throw noSuchPlan()
  return plan
}

/** 402 limit_reached; 404 not_found; 422 invalid_value. */
export function createBotPlan(db: Db, tenantId: string, ref: string, given: NewBotPlan): Promise<BotPlan> {
  return db.transaction(async (tx) => {
    const bot = await findBot(tx, tenantId, ref)
    return tx.one<BotPlan>(sql`
      insert into public.bot_plans as p (tenant_id, bot_id, plan_name, amount_minor, level, plan_type, is_active)
      select ${tenantId}, ${bot}, n.plan_name, n.amount_minor, n.level, coalesce(n.plan_type, 'monthly'), coalesce(n.is_active, true)
      from jsonb_populate_record(null::public.bot_plans, ${JSON.stringify(given)}::jsonb) as n
      returning ${planColumns}`)
  })
}

/** Changes what is named, for later payments. 404 not_found; 422 invalid_value. */
export async function changeBotPlan(
  db: Db,
  tenantId: string,
  path: PlanPath,
  change: BotPlanChange,
): Promise<BotPlan> {
  const [plan] = await db.query<BotPlan>(sql`
    update public.bot_plans as p set (plan_name, amount_minor, level, plan_type, is_active) = (
      select n.plan_name, n.amount_minor, n.level, n.plan_type, n.is_active
      from jsonb_populate_record(p, ${JSON.stringify(change)}::jsonb) as n)
    where ${isNamed(tenantId, path)} returning ${planColumns}`)
  if (!plan) throw noSuchPlan()
  return plan
}

/** Who has it keeps it. 404 not_found. */
export async function deleteBotPlan(db: Db, tenantId: string, path: PlanPath): Promise<void> {
  const gone = await db.query(sql`
    delete from public.bot_plans as p where ${isNamed(tenantId, path)} returning 1`)
  if (gone.length === 0) throw noSuchPlan()
}

const isNamed = (tenantId: string, { bot, plan }: PlanPath) => sql`
  p.tenant_id = ${tenantId} and p.bot_id = private.ulid_to_uuid(${bot}) and p.ref_id = ${plan}`

const noSuchPlan = () => new Problem('not_found', 'This bot has no plan with this ref_id.')
