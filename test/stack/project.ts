import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeTempDir } from '../kit/stack.ts'

const nodeModules = fileURLToPath(new URL('../../node_modules', import.meta.url))

/** A small project of its own, so that a test may break its migrations and edit its functions. */
export async function makeProject(files: Record<string, string>): Promise<string> {
  const root = await makeTempDir()
  await symlink(nodeModules, join(root, 'node_modules'))
  for (const [path, text] of Object.entries({ 'supabase/config.toml': '', ...files })) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  return root
}
