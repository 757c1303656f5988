import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { project } from './deploy-functions.ts'

/** A token and a project of the right form that exist nowhere. */
const accessToken = `sbp_${'0123456789'.repeat(4)}`
const projectRef = 'abcdefghijklmnopqrst'

/**
 * Runs `supabase config push` on a folder, against a server that plays the part of api.supabase.com for a project
 * whose Auth has never been set. Gives what would be set there, by the names of the Management API.
 */
export async function pushAuthConfig(
  folder = project,
): Promise<{ pushed: Record<string, unknown> | null; said: string }> {
  const home = await mkdtemp(join(tmpdir(), 'tenantry-push-'))
  let pushed: Record<string, unknown> | null = null
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const route = `${request.method} ${request.url?.split(projectRef)[1]}`
    if (route === 'PATCH /config/auth') pushed = JSON.parse(body)
    const config = {
      data: { type: 'project_config', id: projectRef, attributes: { auth: { site_url: '' } } },
    }
    const addons = { selected_addons: [], available_addons: [] }
    const answers: Record<string, unknown> = { 'GET /config': config, 'GET /billing/addons': addons }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answers[route] ?? {}))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const profile = join(home, 'profile.yaml')
    await writeFile(
      profile,
      `name: local\napi_url: ${url}\ndashboard_url: ${url}\nproject_host: example.test\n`,
    )
    const args = ['config', 'push', '--yes', '--agent', 'no', `--remote=${projectRef}`, '--profile', profile]
    const env = {
      PATH: process.env.PATH,
      HOME: home,
      SUPABASE_HOME: home,
      SUPABASE_ACCESS_TOKEN: accessToken,
      DO_NOT_TRACK: '1',
      NO_COLOR: '1',
      HTTPS_PROXY: 'http://127.0.0.1:9',
    }
    const said = await new Promise<string>((resolve) => {
      // It ends with an error in any case, because the answer to the change is not a whole one.
      execFile(
        join(project, 'node_modules/.bin/supabase'),
        [...args, '--workdir', folder],
        { cwd: home, timeout: 60_000, env },
        (_error, stdout, stderr) => resolve(stdout + stderr),
      )
    })
    return { pushed, said }
  } finally {
    server.close()
    await rm(home, { recursive: true, force: true })
  }
}
