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
  ['lib/usage/probe.ts', '../registry/members.ts'],
  ['lib/usage/probe.ts', '../../functions/usage/index.ts'],
  ['lib/db/probe.ts', '../http/index.ts'],
  ['lib/db/probe.ts', '../usage/index.ts'],
  ['lib/http/probe.ts', '../usage/index.ts'],
  ['lib/http/probe.ts', '../../stack/start.ts'],
  ['functions/usage/probe.ts', '../branding/lookup.ts'],
  ['functions/usage/probe.ts', '../../lib/db/index.ts'],
  ['functions/usage/probe.ts', 'pg'],
  ['functions/usage/probe.ts', '../../test/support/stack.ts'],
]
const allowed: [file: string, specifier: string][] = [
  ['lib/usage/probe.ts', '../db/index.ts'],
  ['lib/usage/probe.ts', '../registry/index.ts'],
  ['lib/usage/probe.ts', './events.ts'],
  ['lib/http/probe.ts', '../db/index.ts'],
  ['functions/usage/probe.ts', '../../lib/usage/index.ts'],
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
