import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commandLineUrl } from '../../stack/database/command-line-url.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs the real CLI in this project on a database. A home of its own, since a person's may hold an access token. */
export async function runSupabase(
  args: string[],
  databaseUrl: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { url, env } = commandLineUrl(databaseUrl)
  const home = await mkdtemp(join(tmpdir(), 'tenantry-cli-'))
  try {
    return await new Promise((resolve) => {
      execFile(
        join(root, 'node_modules/.bin/supabase'),
        [...args, `--remote=${url}`, '--workdir', root],
        {
          env: {
            ...env,
            PATH: process.env.PATH,
            HOME: home,
            NO_COLOR: '1',
            DO_NOT_TRACK: '1',
            SUPABASE_TELEMETRY_DISABLED: '1',
          },
          maxBuffer: 16 * 1024 * 1024,
        },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
      )
    })
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}
