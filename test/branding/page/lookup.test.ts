import { type IncomingHttpHeaders, request } from 'node:http'
import { text as streamText } from 'node:stream/consumers'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { PublicConfig } from '../../../lib/branding/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { freshSlug, makeTenant, type Tenant } from '../../kit/tenants.ts'
import { changeBrand } from '../brand/editor.ts'

let owner: Person
let tenant: Tenant
const host = `${freshSlug()}.example`
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  await admin.query(
    `update public.tenant_brands set display_name = 'Böhm & Söhne <b>', email_config = '{"reply_to": "secret@example.com"}',
       brand = '{"colors": {"primary": "#123456"}, "fonts": {"heading": "Lato"}}' where tenant_id = $1`,
    [tenant.id],
  )
  await admin.query(
    `insert into public.tenant_domains (tenant_id, host, status, verified_at) values ($1, $2, 'verified', now()), ($1, $3, 'pending', null)`,
    [tenant.id, host, `pending-${host}`],
  )
})

const config = async (path: string) => PublicConfig.parse(await (await call(`/branding/${path}`)).json())

describe('the public lookup', () => {
  it('answers by slug with the public config and nothing else', async () => {
    const response = await call(`/branding/by-slug/${tenant.slug}`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('cache-control')).toBe('public, max-age=60, stale-while-revalidate=600')
    const text = await response.text()
    expect(PublicConfig.parse(JSON.parse(text))).toMatchObject({
      ref_id: tenant.ref_id,
      slug: tenant.slug,
      display_name: 'Böhm & Söhne <b>',
      brand: {
        colors: { primary: '#123456' },
        fonts: { heading: 'Lato', body: null },
        theme_mode: 'override',
      },
    })
    expect(text).not.toContain(tenant.id)
    expect(text).not.toContain('secret@example.com')
  })
  it.each([
    ['by slug, in capitals', () => `by-slug/${tenant.slug.toUpperCase()}`],
    ['by domain', () => `by-domain/${host}`],
    ['by domain, with www., capitals, a dot and a port', () => `by-domain/WWW.${host.toUpperCase()}.:8443`],
    ['by the host of a custom domain', () => `resolve?host=${host}`],
    ['by the host under a base domain', () => `resolve?host=${tenant.slug}.localhost:54321`],
    ['by www. under a base domain', () => `resolve?host=www.${tenant.slug}.localhost`],
  ])('finds the tenant %s', async (_name, path) => {
    expect((await config(path())).ref_id).toBe(tenant.ref_id)
  })
  it('finds the tenant by the host its visitor is on, which a visitor cannot make up', async () => {
    const found = await visit(`${tenant.slug}.localhost:54321`)
    expect(PublicConfig.parse(JSON.parse(found.text)).ref_id).toBe(tenant.ref_id)
    expect(found.headers.vary).toContain('x-forwarded-host')
    expect((await visit('nobody.example', { 'x-forwarded-host': `${tenant.slug}.localhost` })).status).toBe(
      404,
    )
  })
  it('answers HEAD like GET, without the body', async () => {
    const get = await call(`/branding/by-slug/${tenant.slug}`)
    const head = await call(`/branding/by-slug/${tenant.slug}`, { method: 'HEAD' })
    expect(head.status).toBe(200)
    expect(head.headers.get('etag')).toBe(get.headers.get('etag'))
    expect(await head.text()).toBe('')
  })
  it('finds a tenant whose name is international by either spelling of its host', async () => {
    const label = freshSlug().slice(2)
    const ascii = new URL(`http://bücher${label}.example`).hostname
    await admin.query(
      `insert into public.tenant_domains (tenant_id, host, status, verified_at) values ($1, $2, 'verified', now())`,
      [tenant.id, ascii],
    )
    for (const spelling of [ascii, `bücher${label}.example`, `BÜCHER${label}.example`]) {
      expect((await config(`by-domain/${encodeURIComponent(spelling)}`)).ref_id).toBe(tenant.ref_id)
    }
  })
})

describe('one 404 for every tenant that is not to be seen', () => {
  it.each([
    ['an unknown slug', () => `by-slug/${freshSlug()}`],
    ['an absurdly long slug', () => `by-slug/${'a'.repeat(5_000)}`],
    ['a slug that is none', () => 'by-slug/-'],
    ['SQL for a slug', () => `by-slug/${encodeURIComponent("x' or 1=1 --")}`],
    ['an emoji for a slug', () => `by-slug/${encodeURIComponent('🙂🙂🙂')}`],
    ['an unknown domain', () => 'by-domain/unknown.example'],
    ['an absurdly long domain', () => `by-domain/${'a.'.repeat(2_000)}example`],
    ['an address for a domain', () => 'by-domain/127.0.0.1'],
    ['a domain that is not verified', () => `by-domain/pending-${host}`],
    ['a base domain alone', () => 'resolve?host=localhost'],
    ['something deeper under a base domain', () => `resolve?host=a.${tenant.slug}.localhost`],
    ['no host', () => 'resolve?host='],
    ['a theme of nobody', () => `by-slug/${freshSlug()}/theme.css`],
    ['the platform itself', () => 'by-slug/tenantry'],
  ])('%s', async (_name, path) => {
    const response = await call(`/branding/${path()}`)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const { instance, request_id, ...rest } = (await response.json()) as Record<string, unknown>
    expect(rest).toEqual({
      type: 'urn:tenantry:problem:tenant_not_found',
      title: 'There is no such tenant',
      status: 404,
      detail: 'No tenant is published under this name.',
      code: 'tenant_not_found',
    })
  })
  it.each([
    ['archived', `update public.tenants set status = 'archived' where id = $1`],
    ['unpublished', `update public.tenant_brands set is_active = false where tenant_id = $1`],
  ])('an %s tenant', async (_name, change) => {
    const hidden = await makeTenant({ owner })
    await admin.query(change, [hidden.id])
    expect(await problemOf(await call(`/branding/by-slug/${hidden.slug}`))).toMatchObject({
      status: 404,
      code: 'tenant_not_found',
    })
  })
  it('a Host header that is no tenant, and one that is no host', async () => {
    for (const host of ['nobody.example', 'localhost', '127.0.0.1:1', '!!!']) {
      expect((await visit(host)).status).toBe(404)
    }
  })
  it('but a frozen tenant is still shown', async () => {
    const frozen = await makeTenant({ owner, status: 'frozen' })
    expect((await config(`by-slug/${frozen.slug}`)).ref_id).toBe(frozen.ref_id)
  })
  it('and an unknown query parameter is no host', async () => {
    expect(await problemOf(await call('/branding/resolve?hots=x'))).toEqual({
      status: 422,
      code: 'invalid_query',
      pointers: ['/hots'],
    })
  })
})

describe('a page that is held already', () => {
  it.each(['config', 'theme'])('is 304 for its %s', async (what) => {
    const path = `/branding/by-slug/${tenant.slug}${what === 'theme' ? '/theme.css' : ''}`
    const first = await call(path)
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[\w-]+"$/)
    for (const held of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await call(path, { headers: { 'if-none-match': held } })
      expect(again.status).toBe(304)
      expect(again.headers.get('etag')).toBe(etag)
      expect(again.headers.get('cache-control')).toContain('max-age=60')
      expect(again.headers.get('access-control-allow-origin')).toBe('*')
      expect(await again.text()).toBe('')
    }
    for (const other of ['"other"', etag.slice(1), 'garbage', '"', `${etag} ${etag}`]) {
      expect((await call(path, { headers: { 'if-none-match': other } })).status).toBe(200)
    }
  })
  it('is another version after a change, at once where the change was made', async () => {
    const before = await call(`/branding/by-slug/${tenant.slug}`)
    const theme = await call(`/branding/by-slug/${tenant.slug}/theme.css`)
    const changed = await changeBrand(
      { token: owner.token, tenant: tenant.slug },
      { brand: { colors: { primary: '#654321' } } },
    )
    expect(changed.status).toBe(200)
    for (const [path, old] of [
      ['', before],
      ['/theme.css', theme],
    ] as const) {
      const after = await call(`/branding/by-slug/${tenant.slug}${path}`, {
        headers: { 'if-none-match': old.headers.get('etag') ?? '' },
      })
      expect(after.status).toBe(200)
      expect(await after.text()).toContain('#654321')
    }
  })
})

describe('a theme', () => {
  it('is CSS variables', async () => {
    const response = await call('/branding/by-slug/leadingwithmeaning/theme.css')
    expect(response.headers.get('content-type')).toBe('text/css; charset=utf-8')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(await response.text()).toMatch(/^:root \{\n {2}--tenant-color-primary: #[0-9a-f]{6};/)
  })
  it('lets no stored value become CSS, however it got into the database', async () => {
    const hostile = await makeTenant({ owner })
    const db = await superuser.connect()
    try {
      await db.query('begin')
      // Past every trigger and rule that would have refused it.
      await db.query('set local session_replication_role = replica')
      await db.query(
        `update private.tenant_pages set etag = '"hostile"', config = jsonb_set(config::jsonb, '{brand,colors}', $2)::text where tenant_id = $1`,
        [
          hostile.id,
          JSON.stringify({ primary: '#fff;} body{display:none}', text: '</style><script>alert(1)</script>' }),
        ],
      )
      await db.query('commit')
    } finally {
      db.release()
    }
    expect(await (await call(`/branding/by-slug/${hostile.slug}/theme.css`)).text()).toBe(':root {\n}\n')
  })
})

describe('a slug that was given up', () => {
  it('leads to the new one for 90 days, then to nobody', async () => {
    const renamed = await makeTenant({ owner })
    const slug = freshSlug()
    await admin.query('update public.tenants set slug = $2 where id = $1', [renamed.id, slug])
    for (const [path, target] of [
      [`by-slug/${renamed.slug}`, `by-slug/${slug}`],
      [`by-slug/${renamed.slug}/theme.css`, `by-slug/${slug}/theme.css`],
      [`resolve?host=${renamed.slug}.localhost`, `by-slug/${slug}`],
      [`resolve/theme.css?host=${renamed.slug}.localhost`, `by-slug/${slug}/theme.css`],
    ]) {
      const moved = await call(`/branding/${path}`)
      expect(moved.status).toBe(308)
      const location = new URL(moved.headers.get('location') ?? '', moved.url)
      expect(location.href).toBe(`${inject('stack').api_url}/functions/v1/branding/${target}`)
      expect((await fetch(location)).status).toBe(200)
    }
    const old = await makeTenant({ owner })
    await admin.query('update public.tenants set slug = $2 where id = $1', [old.id, freshSlug()])
    await admin.query(
      `update public.tenant_slugs set retired_at = now() - interval '91 days' where slug = $1`,
      [old.slug],
    )
    expect((await call(`/branding/by-slug/${old.slug}`)).status).toBe(404)
  })
})

/** Asks which page belongs to this Host, which fetch refuses to set. */
function visit(
  host: string,
  headers: Record<string, string> = {},
): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; text: string }> {
  const url = `${inject('stack').api_url}/functions/v1/branding/resolve`
  return new Promise((resolve, reject) => {
    request(url, { headers: { ...headers, host } }, async (response) => {
      resolve({ status: response.statusCode, headers: response.headers, text: await streamText(response) })
    })
      .on('error', reject)
      .end()
  })
}
