import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startManagementApi, type UploadedFunction } from './management-api.ts'

export const project = fileURLToPath(new URL('../..', import.meta.url))

/** A token and a project of the right form that exist nowhere. */
const accessToken = `sbp_${'0123456789'.repeat(4)}`
const projectRef = 'abcdefghijklmnopqrst'

export interface Deployment {
  functions: Map<string, UploadedFunction>
  requests: string[]
  accessToken: string
}

/**
 * Runs `supabase functions deploy --use-api` on this project as it stands, against a local server.
 * The server's address is given by a profile file, which is how the CLI is told of an API other than
 * api.supabase.com; all that it remembers goes to a folder of its own.
 */
export async function deployFunctions(): Promise<Deployment> {
  const api = await startManagementApi(projectRef, accessToken)
  const home = await mkdtemp(join(tmpdir(), 'tenantry-deploy-'))
  try {
    const profile = join(home, 'profile.yaml')
    await writeFile(
      profile,
      [
        'name: local',
        `api_url: ${api.url}`,
        `dashboard_url: ${api.url}`,
        // Never dialled: deploying speaks to the API alone.
        'project_host: example.test',
        '',
      ].join('\n'),
    )
    await promisify(execFile)(
      join(project, 'node_modules/.bin/supabase'),
      [
        ...['functions', 'deploy', '--use-api', '--yes', '--agent', 'no'],
        ...[`--remote=${projectRef}`, '--workdir', project, '--profile', profile],
      ],
      {
        cwd: home,
        timeout: 60_000,
        // Only what it needs: no setting of the person who runs the tests, and no way out to the network.
        env: {
          PATH: process.env.PATH,
          HOME: home,
          SUPABASE_HOME: home,
          SUPABASE_ACCESS_TOKEN: accessToken,
          DO_NOT_TRACK: '1',
          NO_COLOR: '1',
          HTTPS_PROXY: 'http://127.0.0.1:9',
        },
      },
    )
    return { functions: api.live, requests: api.requests, accessToken }
  } finally {
    await api.stop()
    await rm(home, { recursive: true, force: true })
  }
}
