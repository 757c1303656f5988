import { createPatch } from 'rfc6902'
import {
  type Claims,
  type Db,
  Problem,
  type RequestHeaders,
  readPage,
  serviceFor,
  sql,
} from '../../db/index.ts'
import { configProblems } from './check.ts'
import { conflictsOf } from './conflicts.ts'
import { columns, type Overrides } from './parts.ts'
import { resolve, type Sources } from './resolve.ts'
import {
  type ConfigChange,
  type ConfigDiff,
  type ConfigVersion,
  type ConfigVersionQuery,
  type ConfigVersions,
  type FrameworkConfig,
  type ResolvedAnswer,
  type Restoration,
  versionOrder,
} from './schema.ts'

/** Who writes: the audit log names them. */
interface Writer {
  claims: Claims
  headers: RequestHeaders
}

/** A framework, and what the tenant has of it. */
interface Head {
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

/** What the tenant changes of a framework. 404 framework_not_found. */
export async function readConfig(db: Db, tenantId: string, framework: string): Promise<FrameworkConfig> {
  return (await readHead(db, tenantId, framework)).config
}

/** The framework as it is for the tenant. 404 framework_not_found. */
export async function readResolved(
  db: Db,
  tenantId: string,
  framework: string,
  { explain }: { explain: boolean },
): Promise<ResolvedAnswer> {
  const { base, config, framework_version } = await readHead(db, tenantId, framework)
  const sources: Sources | undefined = explain ? {} : undefined
  const resolved = resolve(base, overridesOf(config), sources)
  const { framework_id, version } = config
  return { framework_id, framework_version, version, config: resolved, ...(sources && { sources }) }
}

/**
 * Makes the next version, with these columns in the place of what they were. Nothing happens if nothing differs. 412
 * version_mismatch with the places that both changes touch, 422 invalid_value with what does not fit the framework.
 */
export function updateConfig(
  writer: Writer,
  tenantId: string,
  framework: string,
  expected: number,
  { reason, ...change }: ConfigChange,
): Promise<FrameworkConfig> {
  return changing(writer, tenantId, framework, async (tx, head) => {
    const was = overridesOf(head.config)
    const next = { ...was, ...change }
    if (head.config.version !== expected) {
      const read = await configAt(tx, tenantId, framework, expected)
      const conflicts = read && conflictsOf(read, was, { ...read, ...change })
      throw mismatch(head.config.version, conflicts)
    }
    return save(tx, tenantId, head, next, reason)
  })
}

/** Writes a version back, as the next one. 404 version_not_kept, 412 version_mismatch, 422 invalid_value. */
export function restoreVersion(
  writer: Writer,
  tenantId: string,
  framework: string,
  expected: number,
  { version, reason }: Restoration,
): Promise<FrameworkConfig> {
  return changing(writer, tenantId, framework, async (tx, head) => {
    if (head.config.version !== expected) throw mismatch(head.config.version)
    const restored = kept(await configAt(tx, tenantId, framework, version))
    return save(tx, tenantId, head, restored, reason, version)
  })
}

/** A page of the versions that are kept, the newest first. 404 framework_not_found. */
export async function listVersions(
  db: Db,
  tenantId: string,
  framework: string,
  { limit, cursor }: ConfigVersionQuery,
): Promise<ConfigVersions> {
  await readHead(db, tenantId, framework)
  const { rows, next_cursor } = await readPage<ConfigVersions['versions'][number]>(
    db,
    versionOrder,
    { limit, cursor },
    (rowCount) => sql`
    select s.version, s.reason, s.restored_version, s.snapshot_at
    from public.framework_config_snapshots as s
    where s.tenant_id = ${tenantId} and s.framework_id = ${framework}
      and (${cursor?.version}::int is null or s.version < ${cursor?.version})
    order by s.version desc limit ${rowCount}`,
  )
  return { versions: rows, next_cursor }
}

/** One version. 404 version_not_kept. */
export async function readVersion(
  db: Db,
  tenantId: string,
  framework: string,
  version: number,
): Promise<ConfigVersion> {
  return kept(await findVersion(db, tenantId, framework, version))
}

/** What leads from one version to another, or to the present one. 404 version_not_kept. */
export async function diffVersions(
  db: Db,
  tenantId: string,
  framework: string,
  from: number,
  to: number | undefined,
): Promise<ConfigDiff> {
  const { config } = await readHead(db, tenantId, framework)
  const at = async (version: number) =>
    version === config.version ? overridesOf(config) : kept(await configAt(db, tenantId, framework, version))
  const target = to ?? config.version
  return { from, to: target, diff: difference(await at(from), await at(target)) }
}

/** Runs it with the tenant's configuration locked, so that what it checks is what it changes. */
function changing(
  { claims, headers }: Writer,
  tenantId: string,
  framework: string,
  change: (tx: Db, head: Head) => Promise<FrameworkConfig>,
): Promise<FrameworkConfig> {
  return serviceFor(claims, headers).transaction(async (tx) => {
    await tx.query(sql`
      select from public.framework_configs as c
      where c.tenant_id = ${tenantId} and c.framework_id = ${framework} for update`)
    return change(tx, await readHead(tx, tenantId, framework))
  })
}

async function save(
  tx: Db,
  tenantId: string,
  { base, config }: Head,
  next: Overrides,
  reason: string | undefined,
  restored?: number,
): Promise<FrameworkConfig> {
  const problems = configProblems(base, next)
  if (problems.length > 0)
    throw new Problem('invalid_value', 'The configuration does not fit the framework.', { errors: problems })
  const diff = difference(overridesOf(config), next)
  if (diff.length === 0 && restored === undefined) return config
  await tx.query(sql`
    select private.save_framework_config(${tenantId}, ${config.framework_id}, ${config.version}, ${JSON.stringify(next)}::jsonb,
      ${JSON.stringify(diff)}::jsonb, ${reason}, ${restored})`)
  return readConfig(tx, tenantId, config.framework_id)
}

async function readHead(db: Db, tenantId: string, framework: string): Promise<Head> {
  const [row] = await db.query<FrameworkConfig & Pick<Head, 'framework_version' | 'base'>>(sql`
    select f.version as framework_version, f.base, ${configColumns}
    from public.frameworks as f
    left join public.framework_configs as c on c.tenant_id = ${tenantId} and c.framework_id = f.framework_id
    where f.framework_id = ${framework}`)
  if (!row) throw new Problem('framework_not_found', 'There is no framework with this name.')
  const { framework_version, base, ...config } = row
  return { framework_version, base, config }
}

async function findVersion(
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
async function configAt(
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

const difference = (from: Overrides, to: Overrides) => createPatch(from, to) as ConfigDiff['diff']

function overridesOf(config: FrameworkConfig): Overrides {
  return Object.fromEntries(columns.map((column) => [column, config[column]])) as Overrides
}

function kept<Found>(found: Found | undefined): Found {
  if (!found)
    throw new Problem('version_not_kept', 'Only the newest 50 versions are kept, and this is none of them.')
  return found
}

/** `conflicts`: the places that both changes touch; undefined if the version that was changed is not kept any more. */
function mismatch(version: number, conflicts?: string[]): Problem {
  return new Problem('version_mismatch', 'Somebody else has changed this in the meantime. Read it again.', {
    members: { version, ...(conflicts && { conflicts }) },
  })
}
