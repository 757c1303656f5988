import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

// The direction of imports is a linter's rule. A rule that no longer fires would go unnoticed, so
// each forbidden direction is linted here as if it stood in that file.
const forbidden: [file: string, specifier: string][] = [
  ['lib/usage/probe.ts', 'hono'],
  ['lib/usage/probe.ts', '../http/index.ts'],
  ['lib/usage/probe.ts', '../registry/purge.ts'],
  ['lib/usage/probe.ts', '../registry/members/queries.ts'],
  ['lib/usage/probe.ts', '../auth/credentials.ts'],
  ['lib/usage/probe.ts', '../../functions/usage/index.ts'],
  ['lib/usage/events/probe.ts', 'hono/cors'],
  ['lib/usage/events/probe.ts', '../../http/index.ts'],
  ['lib/usage/events/probe.ts', '../../registry/members/queries.ts'],
  ['lib/usage/events/probe.ts', '../../auth/credentials.ts'],
  ['lib/usage/events/probe.ts', '../../../functions/usage/index.ts'],
  ['lib/db/probe.ts', '../http/index.ts'],
  ['lib/db/probe.ts', '../auth/index.ts'],
  ['lib/db/probe.ts', '../usage/index.ts'],
  ['lib/net/probe.ts', '../db/index.ts'],
  ['lib/runtime/probe.ts', '../http/index.ts'],
  ['lib/auth/probe.ts', 'hono'],
  ['lib/auth/probe.ts', '../http/index.ts'],
  ['lib/auth/probe.ts', '../db/caller.ts'],
  ['lib/auth/probe.ts', '../registry/index.ts'],
  ['lib/auth/api-keys/probe.ts', '../../http/index.ts'],
  ['lib/auth/api-keys/probe.ts', '../../registry/index.ts'],
  ['lib/auth/api-keys/probe.ts', '../../../stack/start.ts'],
  ['lib/http/probe.ts', 'pg'],
  ['lib/http/probe.ts', '../usage/index.ts'],
  ['lib/http/probe.ts', '../auth/credentials.ts'],
  ['lib/http/probe.ts', '../db/caller.ts'],
  ['lib/http/probe.ts', '../../stack/start.ts'],
  ['lib/http/input/probe.ts', 'pg'],
  ['lib/http/input/probe.ts', '../../usage/index.ts'],
  ['lib/http/input/probe.ts', '../../auth/credentials.ts'],
  ['functions/usage/probe.ts', '../branding/lookup.ts'],
  ['functions/usage/probe.ts', '../../lib/db/index.ts'],
  ['functions/usage/probe.ts', '../../lib/registry/members/queries.ts'],
  ['functions/usage/probe.ts', '../../lib/auth/credentials.ts'],
  ['functions/usage/probe.ts', 'pg'],
  ['functions/usage/probe.ts', '../../test/kit/stack.ts'],
]
const allowed: [file: string, specifier: string][] = [
  ['lib/usage/probe.ts', '../db/index.ts'],
  ['lib/usage/probe.ts', '../auth/index.ts'],
  ['lib/usage/probe.ts', '../registry/index.ts'],
  ['lib/usage/probe.ts', './events/queries.ts'],
  ['lib/usage/events/probe.ts', './schema.ts'],
  ['lib/usage/events/probe.ts', '../meters/queries.ts'],
  ['lib/usage/events/probe.ts', '../../db/index.ts'],
  ['lib/usage/events/probe.ts', '../../auth/index.ts'],
  ['lib/usage/events/probe.ts', '../../registry/index.ts'],
  ['lib/auth/probe.ts', '../db/index.ts'],
  ['lib/auth/probe.ts', './api-keys/format.ts'],
  ['lib/auth/api-keys/probe.ts', '../settings.ts'],
  ['lib/auth/api-keys/probe.ts', '../../db/index.ts'],
  ['lib/http/probe.ts', '../db/index.ts'],
  ['lib/http/probe.ts', '../auth/index.ts'],
  ['lib/http/input/probe.ts', '../route-notes.ts'],
  ['lib/http/input/probe.ts', '../../db/index.ts'],
  ['functions/usage/probe.ts', '../../lib/usage/index.ts'],
  ['functions/usage/probe.ts', '../../lib/auth/index.ts'],
  ['functions/usage/probe.ts', './events.ts'],
]

// The probes stand in an empty project that has our biome.json and nothing else.
const project = mkdtempSync(join(tmpdir(), 'tenantry-imports-'))
copyFileSync('biome.json', join(project, 'biome.json'))
const probes = [...forbidden, ...allowed].map(([file, specifier], index) => {
  const path = file.replace('probe', `probe-${index}`)
  mkdirSync(join(project, dirname(path)), { recursive: true })
  writeFileSync(join(project, path), `import { probe } from '${specifier}'\nexport { probe }\n`)
  return { file, specifier, path }
})
const { stdout } = spawnSync(
  resolve('node_modules/.bin/biome'),
  ['lint', '--only=style/noRestrictedImports', '--max-diagnostics=none', '--reporter=github', '.'],
  { cwd: project, encoding: 'utf8' },
)
afterAll(() => rmSync(project, { recursive: true }))

function isRefused(file: string, specifier: string): boolean {
  const probe = probes.find((p) => p.file === file && p.specifier === specifier)!
  return stdout.includes(`/${probe.path},line=`)
}

describe('imports run one way', () => {
  it.each(forbidden)('%s may not import %s', (file, specifier) => {
    expect(isRefused(file, specifier)).toBe(true)
  })
  it.each(allowed)('%s may import %s', (file, specifier) => {
    expect(isRefused(file, specifier)).toBe(false)
  })
})
