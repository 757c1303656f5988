import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { coachClient } from '../kit/clients.ts'
import { deployFunctions, project } from './deploy-functions.ts'
import { type PackageRegistry, startPackageRegistry } from './package-registry.ts'
import { type RunningFunction, runFunction } from './run-function.ts'

const stack = inject('stack')
const slug = 'leadingwithmeaning'

let registry: PackageRegistry
const running = new Map<string, RunningFunction>()
let token = ''

beforeAll(async () => {
  registry = await startPackageRegistry()
  const { functions } = await deployFunctions()
  const starts = [...functions.values()].map(async (uploaded) => {
    running.set(uploaded.slug, await runFunction(uploaded, stack, registry.url))
  })
  const failed = (await Promise.allSettled(starts)).flatMap((start) =>
    start.status === 'rejected' ? [String(start.reason)] : [],
  )
  if (failed.length > 0) throw new Error(failed.join('\n'))
  const { data } = await (await coachClient(slug)).auth.getSession()
  token = data.session?.access_token ?? ''
})

afterAll(async () => {
  await Promise.all([...running.values()].map((each) => each.stop()))
  await registry?.stop()
})

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const name = path.split('/')[1] ?? ''
  return fetch(`${running.get(name)?.url}${path}`, init)
}

const asCoach = (init: RequestInit = {}): RequestInit => ({
  ...init,
  headers: { authorization: `Bearer ${token}`, 'x-tenant': slug, 'content-type': 'application/json' },
})

describe('the functions, from exactly the uploaded files', () => {
  it('answer for their health and describe themselves', async () => {
    expect(running.size).toBeGreaterThan(0)
    for (const name of running.keys()) {
      const health = await ask(`/${name}/health`)
      expect({ name, status: health.status, body: await health.json() }).toEqual({
        name,
        status: 200,
        body: { status: 'ok' },
      })
      const document = await ask(`/${name}/openapi.json`)
      expect(document.status).toBe(200)
      expect(await document.json()).toMatchObject({ openapi: expect.stringMatching(/^3\.1/) })
    }
  })

  it('got their packages from the registry, in the pinned versions', () => {
    const { imports } = JSON.parse(readFileSync(join(project, 'functions/deno.json'), 'utf8'))
    const pinned = Object.values<string>(imports).map((target) => target.replace(/^npm:\/?|\/$/g, ''))
    expect([...registry.downloads]).toEqual(expect.arrayContaining(pinned))
  })

  it('look a tenant up, and answer 304 to who has it', async () => {
    const response = await ask(`/branding/by-slug/${slug}`)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ slug })
    const etag = response.headers.get('etag') ?? ''
    const again = await ask(`/branding/by-slug/${slug}`, { headers: { 'if-none-match': etag } })
    expect(again.status).toBe(304)
    const theme = await ask(`/branding/by-slug/${slug}/theme.css`)
    expect(await theme.text()).toContain('--tenant-color-primary')
    expect((await ask('/branding/by-slug/nobody-has-this')).status).toBe(404)
  })

  it('know a coach by their token', async () => {
    const brand = await ask('/branding/brand', asCoach())
    expect(brand.status).toBe(200)
    const tenant = await ask(`/registry/tenants/${slug}`, asCoach())
    expect(tenant.status).toBe(200)
    expect(await tenant.json()).toMatchObject({ slug })
    const event = { event_type: 'deploy.tried', event_id: crypto.randomUUID(), source: 'test/deploy' }
    const logged = await ask('/usage/events', asCoach({ method: 'POST', body: JSON.stringify(event) }))
    expect({ status: logged.status, body: await logged.json() }).toMatchObject({
      status: 200,
      body: { status: 'accepted' },
    })
  })

  it('refuse who has none, or a broken one', async () => {
    const requests: [path: string, init: RequestInit][] = [
      ['/branding/brand', {}],
      [`/registry/tenants/${slug}`, {}],
      ['/usage/events', { method: 'POST', body: '{}' }],
    ]
    for (const [path, init] of requests) {
      expect((await ask(path, init)).status, path).toBe(401)
      const broken = { authorization: `Bearer ${token.slice(0, -3)}AAA` }
      const response = await ask(path, { ...init, headers: broken })
      expect(response.status, path).toBe(401)
      expect(response.headers.get('content-type')).toContain('application/problem+json')
    }
  })
})
