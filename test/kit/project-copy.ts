import { execFile } from 'node:child_process'
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { makeTempDir } from './stack.ts'

const run = promisify(execFile)
const project = fileURLToPath(new URL('../..', import.meta.url))

export interface ProjectCopy {
  root: string
  /** Runs a command there. Gives its exit code and all that it wrote. */
  run(command: string, ...args: string[]): Promise<{ code: number; output: string }>
  /** The paths that differ from the last commit, sorted. */
  changed(): Promise<string[]>
  /** Commits everything. */
  commit(): Promise<void>
  read(path: string): Promise<string>
  /** Replaces text that is in a file, and fails if it is not. */
  edit(path: string, change: (text: string) => string): Promise<void>
  /** Does something while a file holds another text, or is not there (null). */
  withFile(path: string, text: string | null, work: () => Promise<void>): Promise<void>
  remove(): Promise<void>
}

/** This project as it stands, changes that are not committed included, as a repository of its own. */
export async function copyProject(): Promise<ProjectCopy> {
  const root = join(await makeTempDir(), 'project')
  const listed = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: project,
    maxBuffer: 16 << 20,
  })
  const paths = listed.stdout.split('\0').filter(Boolean)
  for (const folder of new Set(paths.map(dirname))) await mkdir(join(root, folder), { recursive: true })
  for (const path of paths) {
    // A file that is deleted and not committed is listed all the same.
    await copyFile(join(project, path), join(root, path)).catch((error: { code?: string }) => {
      if (error.code !== 'ENOENT') throw error
    })
  }
  for (const path of ['node_modules', 'lib/client/node_modules'])
    await symlink(join(project, path), join(root, path))

  const copy: ProjectCopy = {
    root,
    async run(command, ...args) {
      const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^VITEST/.test(name)))
      return run(command, args, { cwd: root, env, maxBuffer: 64 << 20 }).then(
        ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
        ({ code, stdout, stderr }) => ({ code, output: stdout + stderr }),
      )
    },
    async changed() {
      const { output } = await git('status', '--porcelain', '--untracked-files=all', '--no-renames')
      return output
        .split('\n')
        .filter(Boolean)
        .map((line) => line.slice(3))
        .sort()
    },
    async commit() {
      await git('add', '--all')
      await git(
        '-c',
        'user.name=Test',
        '-c',
        'user.email=test@example.com',
        'commit',
        '--quiet',
        '-m',
        'state',
      )
    },
    read: (path) => readFile(join(root, path), 'utf8'),
    async edit(path, change) {
      const before = await copy.read(path)
      const after = change(before)
      if (after === before) throw new Error(`Nothing in ${path} was changed.`)
      await writeFile(join(root, path), after)
    },
    async withFile(path, text, work) {
      const before = await copy.read(path).catch(() => null)
      const put = (content: string | null) =>
        content === null ? rm(join(root, path)) : writeFile(join(root, path), content)
      await put(text)
      try {
        await work()
      } finally {
        await put(before)
      }
    },
    remove: () => rm(dirname(root), { recursive: true, force: true }),
  }
  async function git(...args: string[]) {
    const result = await copy.run('git', ...args)
    if (result.code !== 0) throw new Error(`git ${args[0]}: ${result.output}`)
    return result
  }
  await git('init', '--quiet')
  // .gitignore means folders, and here they are links.
  await writeFile(join(root, '.git/info/exclude'), 'node_modules\n')
  await copy.commit()
  return copy
}
