import { type Asker, type Db, readPage, sql, versionMismatch } from '../../db/index.ts'
import { conflictsOf } from './conflicts.ts'
import {
  changing,
  configAt,
  difference,
  findVersion,
  type Head,
  kept,
  overridesOf,
  readHead,
  save,
} from './head.ts'
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

/** What the tenant changes of a framework. 404 framework_not_found. */
export async function readConfig(db: Db, tenantId: string, framework: string): Promise<FrameworkConfig> {
  return (await readHead(db, tenantId, framework)).config
}

/** The framework as it is for the tenant. 404 framework_not_found. */
export async function readResolved(
  db: Db,
  tenantId: string,
  framework: string,
  options: { explain: boolean },
): Promise<ResolvedAnswer> {
  return resolvedAnswer(await readHead(db, tenantId, framework), options)
}

/** What a framework is with the tenant's configuration, or with `overrides` in its place. */
export function resolvedAnswer(
  { base, config, framework_version }: Head,
  { explain }: { explain: boolean },
  overrides = overridesOf(config),
): ResolvedAnswer {
  const sources: Sources | undefined = explain ? {} : undefined
  const resolved = resolve(base, overrides, sources)
  const { framework_id, version } = config
  return { framework_id, framework_version, version, config: resolved, ...(sources && { sources }) }
}

/**
 * Makes the next version, with these columns in the place of what they were. Nothing happens if nothing differs. 412
 * version_mismatch with the places that both changes touch, 422 invalid_value with what does not fit the framework.
 */
export function updateConfig(
  asker: Asker,
  tenantId: string,
  framework: string,
  expected: number,
  { reason, ...change }: ConfigChange,
): Promise<FrameworkConfig> {
  return changing(asker, tenantId, framework, async (tx, head) => {
    const was = overridesOf(head.config)
    const next = { ...was, ...change }
    if (head.config.version !== expected) {
      const read = await configAt(tx, tenantId, framework, expected)
      const conflicts = read && conflictsOf(read, was, { ...read, ...change })
      throw versionMismatch(head.config.version, conflicts)
    }
    return save(tx, tenantId, head, next, reason)
  })
}

/** Writes a version back, as the next one. 404 version_not_kept, 412 version_mismatch, 422 invalid_value. */
export function restoreVersion(
  asker: Asker,
  tenantId: string,
  framework: string,
  expected: number,
  { version, reason }: Restoration,
): Promise<FrameworkConfig> {
  return changing(asker, tenantId, framework, async (tx, head) => {
    if (head.config.version !== expected) throw versionMismatch(head.config.version)
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
