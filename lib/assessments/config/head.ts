import { createPatch } from 'rfc6902'
import { type Asker, type Db, named, Problem, serviceFor, sql } from '../../db/index.ts'
import { configProblems } from './check.ts'
import { columns, type Overrides } from './parts.ts'
import type { ConfigDiff, ConfigVersion, FrameworkConfig } from './schema.ts'

/** A framework, and what the tenant has of it. */
export interface Head {
  framework_version: number
  base: Record<string, unknown>
  config: FrameworkConfig
}

const configColumns = sql`
  f.framework_id, coalesce(c.version, 0) as version,
  coalesce(c.archetype_overrides, '{}') as archetype_overrides, coalesce(c.voice_overrides, '{}') as voice_overrides,
  coalesce(c.scoring_overrides, '{}') as scoring_overrides, coalesce(c.mode_overrides, '{}') as mode_overrides,
  coalesce(c.landing_overrides, '{}') as landing_overrides, coalesce(c.communications, '{}') as communications,
  coalesce(c.results_display, '{}') as results_display, coalesce(c.providers, '{}') as providers,
  coalesce(c.test_clients, '[]') as test_clients, c.reason, c.updated_at`

/** Runs it with the tenant's configuration locked, so that what it checks is what it changes. */
export function changing<Result>(
  { claims, headers }: Asker,
  tenantId: string,
  framework: string,
  change: (tx: Db, head: Head) => Promise<Result>,
): Promise<Result> {
  return serviceFor(claims, headers).transaction(async (tx) => {
    return change(tx, await lockHead(tx, tenantId, framework))
  })
}

/** The same as readHead(), locked until the transaction ends. */
export async function lockHead(tx: Db, tenantId: string, framework: string): Promise<Head> {
  // Sent together. The second statement begins when the first one has the lock, and sees what was committed until then.
  const [, head] = await Promise.all([
    tx.query(
      named(
        'lock_framework_config',
        sql`
        select from public.framework_configs as c
        where c.tenant_id = ${tenantId} and c.framework_id = ${framework} for update`,
      ),
    ),
    readHead(tx, tenantId, framework),
  ])
  return head
}

export async function save(
  tx: Db,
  tenantId: string,
  { base, config }: Head,
  next: Overrides,
  reason: string | undefined,
  restored?: number,
): Promise<FrameworkConfig> {
  requireFit(base, next)
  const diff = difference(overridesOf(config), next)
  if (diff.length === 0 && restored === undefined) return config
  return tx.one<FrameworkConfig>(
    named(
      'save_framework_config',
      sql`
      select s.framework_id, s.version, s.archetype_overrides, s.voice_overrides, s.scoring_overrides, s.mode_overrides,
        s.landing_overrides, s.communications, s.results_display, s.providers, s.test_clients, s.reason, s.updated_at
      from private.save_framework_config(${tenantId}, ${config.framework_id}, ${config.version},
        ${JSON.stringify(next)}::jsonb, ${JSON.stringify(diff)}::jsonb, ${reason}, ${restored}) as s`,
    ),
  )
}

export async function readHead(db: Db, tenantId: string, framework: string): Promise<Head> {
  const [row] = await db.query<FrameworkConfig & Pick<Head, 'framework_version' | 'base'>>(
    named(
      'framework_head',
      sql`
      select f.version as framework_version, f.base, ${configColumns}
      from public.frameworks as f
      left join public.framework_configs as c on c.tenant_id = ${tenantId} and c.framework_id = f.framework_id
      where f.framework_id = ${framework}`,
    ),
  )
  if (!row) throw new Problem('framework_not_found', 'There is no framework with this name.')
  const { framework_version, base, ...config } = row
  return { framework_version, base, config }
}

export async function findVersion(
  db: Db,
  tenantId: string,
  framework: string,
  version: number,
): Promise<(ConfigVersion & { config: Overrides }) | undefined> {
  const [row] = await db.query<ConfigVersion & { config: Overrides }>(sql`
    select s.version, s.reason, s.restored_version, s.snapshot_at, s.full_config as config, s.diff
    from public.framework_config_snapshots as s
    where s.tenant_id = ${tenantId} and s.framework_id = ${framework} and s.version = ${version}`)
  return row
}

/** The nine columns of a version. Those of version 0 are empty. */
export async function configAt(
  db: Db,
  tenantId: string,
  framework: string,
  version: number,
): Promise<Overrides | undefined> {
  if (version === 0)
    return Object.fromEntries(
      columns.map((column) => [column, column === 'test_clients' ? [] : {}]),
    ) as Overrides
  return (await findVersion(db, tenantId, framework, version))?.config
}

export const difference = (from: Overrides, to: Overrides) => createPatch(from, to) as ConfigDiff['diff']

export function overridesOf(config: FrameworkConfig): Overrides {
  return Object.fromEntries(columns.map((column) => [column, config[column]])) as Overrides
}

export function kept<Found>(found: Found | undefined): Found {
  if (!found)
    throw new Problem('version_not_kept', 'Only the newest 50 versions are kept, and this is none of them.')
  return found
}

/** 422 invalid_value with what does not fit the framework. */
export function requireFit(base: Head['base'], next: Overrides): void {
  const problems = configProblems(base, next)
  if (problems.length > 0)
    throw new Problem('invalid_value', 'The configuration does not fit the framework.', { errors: problems })
}
