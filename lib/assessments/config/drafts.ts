import { type Asker, type Db, Problem, readPage, serviceFor, sql, versionMismatch } from '../../db/index.ts'
import { conflictsOf, rebase } from './conflicts.ts'
import {
  type ConfigDraft,
  type DraftChange,
  type Schedule,
  type ScheduledConfig,
  type ScheduledConfigs,
  type ScheduledQuery,
  scheduledOrder,
} from './draft-schema.ts'
import { changing, configAt, type Head, kept, overridesOf, readHead, requireFit, save } from './head.ts'
import type { Overrides } from './parts.ts'
import { resolvedAnswer } from './queries.ts'
import type { FrameworkConfig, ResolvedAnswer } from './schema.ts'

const maxScheduled = 20
const maxAheadMs = 366 * 86_400_000

interface Draft extends Omit<ConfigDraft, 'version' | 'conflicts'> {
  id: string
  base_config: Overrides
}

const draftColumns = sql`
  d.id, d.framework_id, private.ulid(d.revision) as revision, d.base_version, d.base_config, d.change, d.reason, d.updated_at`

/** What a draft would make of the present version, and the places where it cannot be merged into it. */
function merge(
  { config }: Head,
  { base_config, change }: Pick<Draft, 'base_config' | 'change'>,
): { conflicts: string[]; next: Overrides } {
  const head = overridesOf(config)
  const mine = { ...base_config, ...change }
  const conflicts = conflictsOf(base_config, head, mine)
  return { conflicts, next: conflicts.length === 0 ? rebase(base_config, head, mine) : mine }
}

/** The draft of a framework. 404 framework_not_found, draft_not_found. */
export async function readDraft(db: Db, tenantId: string, framework: string): Promise<ConfigDraft> {
  const head = await readHead(db, tenantId, framework)
  return shown(head, found(await findDraft(db, tenantId, framework)))
}

/**
 * Makes the draft, or replaces it. `expected` is the revision that is replaced, and "0" if there is none. 412 draft_changed,
 * 404 version_not_kept for the version that it changes, 422 invalid_value, 402 feature_not_in_plan.
 */
export function saveDraft(
  { claims, headers }: Asker,
  tenantId: string,
  framework: string,
  expected: string,
  { base_version, reason, ...change }: DraftChange,
): Promise<ConfigDraft> {
  return serviceFor(claims, headers).transaction(async (tx) => {
    const head = await readHead(tx, tenantId, framework)
    await tx.query(sql`
      select private.require_entitlement(${tenantId}, null, 'assessments'),
        private.require_small_config(${JSON.stringify(change)}::jsonb)`)
    const base_config =
      base_version === head.config.version
        ? overridesOf(head.config)
        : kept(await configAt(tx, tenantId, framework, base_version))
    requireFit(head.base, merge(head, { base_config, change }).next)
    const values = sql`${base_version}::int as base_version, ${JSON.stringify(base_config)}::jsonb as base_config,
      ${JSON.stringify(change)}::jsonb as change, ${reason}::text as reason`
    const rows =
      expected === '0'
        ? await tx.query(sql`
            insert into public.framework_config_drafts (tenant_id, framework_id, base_version, base_config, change, reason)
            select ${tenantId}, ${framework}, n.* from (select ${values}) as n
            on conflict (tenant_id, framework_id) where status = 'draft' do nothing returning 1`)
        : await tx.query(sql`
            update public.framework_config_drafts as d
            set (base_version, base_config, change, reason, revision) = (select n.*, private.uuid_v7() from (select ${values}) as n)
            where d.tenant_id = ${tenantId} and d.framework_id = ${framework} and d.status = 'draft'
              and private.ulid(d.revision) = ${expected} returning 1`)
    const draft = await findDraft(tx, tenantId, framework)
    if (rows.length === 0) throw changed(draft?.revision)
    return shown(head, found(draft))
  })
}

/** 404 draft_not_found, 412 draft_changed. */
export function deleteDraft(
  { claims, headers }: Asker,
  tenantId: string,
  framework: string,
  expected: string,
): Promise<void> {
  return serviceFor(claims, headers).transaction(async (tx) => {
    await remove(tx, tenantId, await lockDraft(tx, tenantId, framework, expected))
  })
}

/** The framework as it is once the draft is published. Where the draft cannot be merged, as it is in the draft. */
export async function readResolvedDraft(
  db: Db,
  tenantId: string,
  framework: string,
  options: { explain: boolean },
): Promise<ResolvedAnswer> {
  const head = await readHead(db, tenantId, framework)
  const { next } = merge(head, found(await findDraft(db, tenantId, framework)))
  return resolvedAnswer(head, options, next)
}

/** Makes the next version out of the draft, which is then gone. 404 draft_not_found, 412 draft_changed or version_mismatch. */
export function publishDraft(
  asker: Asker,
  tenantId: string,
  framework: string,
  expected: string,
): Promise<FrameworkConfig> {
  return changing(asker, tenantId, framework, async (tx, head) => {
    const draft = await lockDraft(tx, tenantId, framework, expected)
    return publish(tx, tenantId, head, draft)
  })
}

/** Makes the next version out of a draft or of what was scheduled. */
export async function publish(
  tx: Db,
  tenantId: string,
  head: Head,
  draft: Pick<Draft, 'id' | 'base_config' | 'change' | 'reason'>,
): Promise<FrameworkConfig> {
  const { conflicts, next } = merge(head, draft)
  if (conflicts.length > 0) throw versionMismatch(head.config.version, conflicts)
  await remove(tx, tenantId, draft)
  return save(tx, tenantId, head, next, draft.reason ?? undefined)
}

/**
 * Has the draft published at a moment. There is then no draft until somebody makes the next one. 404 draft_not_found,
 * 412 draft_changed or version_mismatch, 422 invalid_value, 403 too_many_scheduled.
 */
export function scheduleDraft(
  asker: Asker,
  tenantId: string,
  framework: string,
  expected: string,
  { publish_at }: Schedule,
): Promise<ScheduledConfig> {
  const aheadMs = Date.parse(publish_at) - Date.now()
  if (!(aheadMs > 0 && aheadMs <= maxAheadMs))
    throw new Problem('invalid_value', 'Name a moment from now on, and at most a year ahead.', {
      errors: [{ pointer: '/publish_at', detail: 'must be in the future, and at most a year ahead' }],
    })
  return changing(asker, tenantId, framework, async (tx, head) => {
    const draft = await lockDraft(tx, tenantId, framework, expected)
    const { conflicts, next } = merge(head, draft)
    if (conflicts.length > 0) throw versionMismatch(head.config.version, conflicts)
    requireFit(head.base, next)
    const [state] = await tx.query<{ count: number }>(sql`
      select count(*)::int as count from public.framework_config_drafts as d
      where d.tenant_id = ${tenantId} and d.framework_id = ${framework} and d.status <> 'draft'`)
    if (state!.count >= maxScheduled)
      throw new Problem('too_many_scheduled', `A framework has at most ${maxScheduled} scheduled changes.`)
    const [row] = await tx.query<ScheduledConfig>(sql`
      update public.framework_config_drafts as d
      set status = 'scheduled', publish_at = ${publish_at}, scheduled_by = auth.uid(), revision = private.uuid_v7()
      where d.tenant_id = ${tenantId} and d.id = ${draft.id} returning ${scheduledColumns}`)
    return row!
  })
}

/** A page of what is scheduled or was suspended, the newest first. 404 framework_not_found. */
export async function listScheduled(
  db: Db,
  tenantId: string,
  framework: string,
  { limit, cursor }: ScheduledQuery,
): Promise<ScheduledConfigs> {
  await readHead(db, tenantId, framework)
  const { rows, next_cursor } = await readPage<ScheduledConfig>(
    db,
    scheduledOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ${scheduledColumns} from public.framework_config_drafts as d
    where d.tenant_id = ${tenantId} and d.framework_id = ${framework} and d.status <> 'draft'
      and (${cursor?.ref_id}::text is null or d.ref_id < ${cursor?.ref_id})
    order by d.ref_id desc limit ${rowCount}`,
  )
  return { scheduled: rows, next_cursor }
}

/** Takes away what is scheduled or was suspended. 404 not_found. */
export async function cancelScheduled(
  { claims, headers }: Asker,
  tenantId: string,
  framework: string,
  ref: string,
): Promise<void> {
  const rows = await serviceFor(claims, headers).query(sql`
    delete from public.framework_config_drafts as d
    where d.tenant_id = ${tenantId} and d.framework_id = ${framework} and d.ref_id = ${ref} and d.status <> 'draft' returning 1`)
  if (rows.length === 0) throw new Problem('not_found', 'Nothing with this name is scheduled.')
}

const scheduledColumns = sql`
  d.ref_id, d.framework_id, d.status, d.publish_at, private.ulid(d.scheduled_by) as scheduled_by, d.base_version, d.change, d.reason, d.problem`

function shown(head: Head, { id: _id, base_config, ...draft }: Draft): ConfigDraft {
  const { conflicts } = merge(head, { base_config, change: draft.change })
  return { ...draft, version: head.config.version, conflicts }
}

async function findDraft(db: Db, tenantId: string, framework: string): Promise<Draft | undefined> {
  const [row] = await db.query<Draft>(sql`
    select ${draftColumns} from public.framework_config_drafts as d
    where d.tenant_id = ${tenantId} and d.framework_id = ${framework} and d.status = 'draft'`)
  return row
}

async function lockDraft(tx: Db, tenantId: string, framework: string, expected: string): Promise<Draft> {
  await tx.query(sql`
    select from public.framework_config_drafts as d
    where d.tenant_id = ${tenantId} and d.framework_id = ${framework} and d.status = 'draft' for update`)
  const draft = found(await findDraft(tx, tenantId, framework))
  if (draft.revision !== expected) throw changed(draft.revision)
  return draft
}

async function remove(tx: Db, tenantId: string, { id }: { id: string }): Promise<void> {
  await tx.query(
    sql`delete from public.framework_config_drafts as d where d.tenant_id = ${tenantId} and d.id = ${id}`,
  )
}

function found(draft: Draft | undefined): Draft {
  if (!draft) throw new Problem('draft_not_found', 'There is no draft of this framework.')
  return draft
}

function changed(revision: string | undefined): Problem {
  return new Problem('draft_changed', 'Somebody else has changed the draft in the meantime. Read it again.', {
    members: { revision: revision ?? null },
  })
}
