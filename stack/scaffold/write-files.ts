import { execFileSync } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { PlannedFile } from './plan.ts'

/**
 * Writes the files, formatted: all of them or none. A file that came into being meanwhile is not overwritten.
 *
 * @throws whatever stopped it, after everything is as it was before.
 */
export async function writeFiles(root: string, plan: PlannedFile[]): Promise<void> {
  const undo: (() => Promise<void>)[] = []
  try {
    for (const { path, content, isNew } of plan) {
      const file = join(root, path)
      const made = await mkdir(dirname(file), { recursive: true })
      if (made) undo.push(() => rm(made, { recursive: true }))
      const before = isNew ? undefined : await readFile(file)
      await writeFile(file, content, { flag: isNew ? 'wx' : 'w' })
      undo.push(() => (before ? writeFile(file, before) : rm(file)))
    }
    format(root, plan)
  } catch (error) {
    for (const step of undo.reverse()) await step()
    throw error
  }
}

/** How long a line is, and how imports are sorted, depends on the names. */
function format(root: string, plan: PlannedFile[]): void {
  const code = plan.map(({ path }) => path).filter((path) => path.endsWith('.ts'))
  execFileSync(join(root, 'node_modules/.bin/biome'), ['check', '--write', ...code], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}
