import { z } from 'zod'
import { type FieldError, keyset, moment, nextCursor, pageParameters } from '../../db/index.ts'
import { overrides, ResolvedConfig } from './parts.ts'

export const version = z.int().min(0).max(2_147_483_647)
export const reason = z.string().trim().min(1).max(500)

export const FrameworkConfig = z
  .strictObject({
    framework_id: z.string(),
    version: version.meta({ description: 'Also the ETag. 0 is the base alone.' }),
    ...overrides,
    reason: z.string().nullable(),
    updated_at: moment.nullable(),
  })
  .meta({ id: 'FrameworkConfig', description: 'What a tenant changes of a framework.' })

/** The columns that change, each as a whole. */
export const ConfigChange = z
  .strictObject({ ...overrides, reason })
  .partial()
  .refine(
    (change) => Object.keys(change).some((name) => name !== 'reason'),
    'must change at least one of the nine columns',
  )
  .meta({ id: 'ConfigChange' })

/**
 * Passes what has no name that would reach the prototype of an object. The schema of an object passes over `__proto__`
 * without a word.
 */
export const requireNoReservedName = z.unknown().superRefine((given, context) => {
  const found = findReservedName(given)
  if (found)
    context.addIssue({ code: 'custom', path: found.split('/').slice(1), message: 'is a reserved name' })
})
export const ReceivedConfigChange = requireNoReservedName.pipe(ConfigChange)

/** The place of a name that would reach the prototype of an object, if there is one. */
export function findReservedName(value: unknown, pointer = ''): FieldError['pointer'] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  for (const [name, inner] of Object.entries(value)) {
    const at = `${pointer}/${name}`
    if (['__proto__', 'constructor', 'prototype'].includes(name)) return at
    const found = findReservedName(inner, at)
    if (found !== undefined) return found
  }
  return undefined
}

export const Restoration = z.strictObject({ version, reason: reason.optional() }).meta({ id: 'Restoration' })

export const ResolvedQuery = z.strictObject({
  explain: z
    .enum(['true', 'false'])
    .default('false')
    .transform((given) => given === 'true')
    .meta({ description: 'Whether to say where each value comes from.' }),
})

export const ResolvedAnswer = z
  .strictObject({
    framework_id: z.string(),
    framework_version: version,
    version,
    config: ResolvedConfig,
    sources: z
      .record(z.string(), z.enum(['framework', 'tenant', 'removed']))
      .optional()
      .meta({
        description: 'Where each value comes from, by its JSON Pointer. Only with explain=true.',
      }),
  })
  .meta({ id: 'ResolvedFramework' })

const summary = {
  version,
  reason: z.string().nullable(),
  restored_version: version.nullable().meta({ description: 'The version that this one brought back.' }),
  snapshot_at: moment,
}
const operations = z
  .array(z.looseObject({ op: z.string(), path: z.string() }))
  .meta({ description: 'A JSON Patch (RFC 6902).' })

/** The newest first. */
export const versionOrder = keyset('config_versions', { version })
export const ConfigVersionQuery = z.strictObject(pageParameters(versionOrder))
export const ConfigVersions = z
  .strictObject({ versions: z.array(z.strictObject(summary)), next_cursor: nextCursor })
  .meta({ id: 'ConfigVersions' })
export const ConfigVersion = z
  .strictObject({ ...summary, config: z.strictObject(overrides), diff: operations })
  .meta({
    id: 'ConfigVersion',
    description: 'A version that is kept, and how it differs from the one before.',
  })

export const VersionPath = z.object({
  framework: z.string().max(100),
  version: z.coerce.number().pipe(version),
})
export const DiffQuery = z.strictObject({
  to: z.coerce.number().pipe(version).optional().meta({ description: 'The present version, if left out.' }),
})
export const ConfigDiff = z
  .strictObject({ from: version, to: version, diff: operations })
  .meta({ id: 'ConfigDiff' })

export type FrameworkConfig = z.infer<typeof FrameworkConfig>
export type ConfigChange = z.infer<typeof ConfigChange>
export type Restoration = z.infer<typeof Restoration>
export type ResolvedAnswer = z.infer<typeof ResolvedAnswer>
export type ConfigVersionQuery = z.output<typeof ConfigVersionQuery>
export type ConfigVersions = z.infer<typeof ConfigVersions>
export type ConfigVersion = z.infer<typeof ConfigVersion>
export type ConfigDiff = z.infer<typeof ConfigDiff>
