import { beforeAll, describe, expect, inject, it } from 'vitest'
import { Brand } from '../../../lib/branding/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { forceTenant, makeTenant, type Tenant } from '../../kit/tenants.ts'
import {
  bytesOf,
  concat,
  exif,
  jpegSegment,
  jpegWith,
  pngChunk,
  pngOfSize,
  pngWith,
  samples,
} from '../../storage/samples.ts'
import { changeBrand } from '../brand/editor.ts'

const stack = inject('stack')
let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const upload = (
  what: 'logo' | 'coach-photo',
  body: Uint8Array,
  type = 'image/png',
  where = tenant,
  who = owner,
) =>
  call(`/branding/brand/${what}`, {
    method: 'PUT',
    token: who.token,
    tenant: where.slug,
    headers: { 'content-type': type },
    body,
  })
async function uploaded(...args: Parameters<typeof upload>): Promise<Brand> {
  const response = await upload(...args)
  expect(response.status, await response.clone().text()).toBe(200)
  return Brand.parse(await response.json())
}
const change = (body: object, where = tenant) => changeBrand({ token: owner.token, tenant: where.slug }, body)
const publicPage = async ({ slug } = tenant) => (await call(`/branding/by-slug/${slug}`)).json()
const fetchFile = (path: string | null | undefined) => fetch(`${stack.api_url}${path}`)
const bytesAt = async (path: string | null | undefined) =>
  new Uint8Array(await (await fetchFile(path)).arrayBuffer())
/** A picture that nobody else has uploaded. */
const picture = (words: string) => pngWith(pngChunk('pHYs', words.padEnd(9).slice(0, 9)))

describe('an uploaded picture', () => {
  it.each([
    ['image/png', 'png'],
    ['image/jpeg', 'jpg'],
    ['image/webp', 'webp'],
  ] as const)('of the type %s is the logo at once, for every visitor', async (type, ending) => {
    const { brand } = await uploaded('logo', samples[type], type)
    expect(brand.logo?.url).toMatch(
      new RegExp(`^/storage/v1/object/public/brands/${tenant.ref_id}/logo/[0-9a-f]{32}\\.${ending}$`),
    )
    expect((await publicPage()).brand.logo).toEqual({ url: brand.logo?.url, alt: tenant.slug, width: null })
    const file = await fetchFile(brand.logo?.url)
    expect([file.status, file.headers.get('content-type')]).toEqual([200, type])
    expect(file.headers.get('cache-control')).toContain('31536000')
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(samples[type])
  })

  it('keeps how the logo before it was described', async () => {
    await change({ brand: { logo: { alt: 'A heron', width: 180 } } })
    expect((await uploaded('logo', samples['image/png'])).brand.logo).toMatchObject({
      alt: 'A heron',
      width: 180,
    })
  })

  it('is the photo of the coach, without where it was taken', async () => {
    const photo = jpegWith(jpegSegment(0xe1, exif(6)))
    const { coach_photo, warnings } = await uploaded('coach-photo', photo, 'image/jpeg')
    expect(warnings.map(({ pointer }) => pointer)).toEqual(['/coach_photo'])
    expect((await publicPage()).coach).toBeNull()
    const named = await change({ coach_name: 'Ada' })
    expect(((await named.json()) as Brand).warnings).toEqual([])
    expect((await publicPage()).coach).toEqual({ name: 'Ada', title: null, photo: coach_photo })
    const stored = Buffer.from(await bytesAt(coach_photo))
    expect(stored.includes('47 deg')).toBe(false)
    expect(stored.length).toBe(samples['image/jpeg'].length + 36)
  })

  it('may be sent back with the rest of the brand, and taken away', async () => {
    const before = await uploaded('logo', samples['image/png'])
    const same = await change({ brand: before.brand, coach_photo: before.coach_photo })
    expect(((await same.json()) as Brand).brand).toEqual(before.brand)
    const without = await change({ brand: { logo: null }, coach_photo: null })
    expect(await without.json()).toMatchObject({ brand: {}, coach_photo: null })
    expect((await publicPage()).brand.logo).toBeNull()
  })

  it('is told of, as every change of a brand', async () => {
    await uploaded('logo', picture('told'))
    const { rows } = await admin.query(
      `select payload::jsonb #> '{data,changed}' as changed from public.webhook_events
       where tenant_id = $1 and type = 'brand.updated' order by id desc limit 1`,
      [tenant.id],
    )
    expect(rows).toEqual([{ changed: ['brand.logo'] }])
  })
})

describe('an upload is refused', () => {
  it.each([
    ['a JPEG that says it is a PNG', samples['image/jpeg'], 'image/png', 422, 'invalid_file'],
    ['a PNG that says it is a JPEG', samples['image/png'], 'image/jpeg', 422, 'invalid_file'],
    [
      'HTML that says it is a picture',
      bytesOf('<script>alert(1)</script>'),
      'image/webp',
      422,
      'invalid_file',
    ],
    ['SVG that says it is a PNG', bytesOf('<svg onload="alert(1)"/>'), 'image/png', 422, 'invalid_file'],
    ['SVG', bytesOf('<svg onload="alert(1)"/>'), 'image/svg+xml', 415, 'unsupported_media_type'],
    ['a GIF', bytesOf('GIF89a'), 'image/gif', 415, 'unsupported_media_type'],
    ['JSON', bytesOf('{}'), 'application/json', 415, 'unsupported_media_type'],
    ['nothing', new Uint8Array(), 'image/png', 422, 'invalid_file'],
    ['half a picture', samples['image/png'].slice(0, 60), 'image/png', 422, 'invalid_file'],
    ['one of 8 pixels', pngOfSize(8, 8), 'image/png', 422, 'invalid_file'],
    ['one of 5000 pixels', pngOfSize(5_000, 16), 'image/png', 422, 'invalid_file'],
    [
      'more than a megabyte',
      concat(samples['image/png'], new Uint8Array(1_048_576)),
      'image/png',
      413,
      'payload_too_large',
    ],
  ])('of %s', async (_what, bytes, type, status, code) => {
    const before = (await publicPage()).brand.logo
    for (const what of ['logo', 'coach-photo'] as const)
      expect(await problemOf(await upload(what, bytes, type))).toEqual({ status, code, pointers: [] })
    expect((await publicPage()).brand.logo).toEqual(before)
  })

  it('by whoever does not manage the tenant, and by those of another', async () => {
    const [member, stranger] = [await makePerson(), await makePerson()]
    const shared = await makeTenant({ owner, member })
    for (const [who, status] of [
      [member, 403],
      [stranger, 404],
    ] as const)
      expect((await upload('logo', samples['image/png'], 'image/png', shared, who)).status).toBe(status)
    const frozen = await makeTenant({ owner, status: 'frozen' })
    expect((await upload('logo', samples['image/png'], 'image/png', frozen)).status).toBe(403)
  })

  it('after 60 in an hour', async () => {
    const busy = await makeTenant({ owner })
    await admin.query(
      `insert into private.tenant_turns (tenant_id, what, period_at, turn_count)
       values ($1, 'file_uploaded', date_trunc('hour', now(), 'UTC'), 60)`,
      [busy.id],
    )
    const refused = await upload('logo', samples['image/png'], 'image/png', busy)
    expect(refused.headers.get('retry-after')).toBe('3600')
    expect(await problemOf(refused)).toMatchObject({ status: 429, code: 'too_many_uploads' })
  })
})

describe('a brand names no picture but its own', () => {
  it('and nothing else of the project', async () => {
    const other = await makeTenant({ owner })
    const { brand } = await uploaded('logo', samples['image/png'], 'image/png', other)
    const foreign = brand.logo?.url ?? ''
    for (const [body, code, pointer] of [
      [{ brand: { logo: { url: foreign } } }, 'invalid_value', '/brand/logo/url'],
      [{ coach_photo: foreign }, 'invalid_value', '/coach_photo'],
      [{ coach_photo: '/storage/v1/object/public/contracts/x.pdf' }, 'invalid_value', '/coach_photo'],
      [
        { brand: { logo: { url: foreign.replace('/logo/', '/logo/../') } } },
        'invalid_brand',
        '/brand/logo/url',
      ],
      [{ brand: { logo: { url: foreign.replace('.png', '.svg') } } }, 'invalid_brand', '/brand/logo/url'],
      [{ brand: { logo: { url: '/functions/v1/registry' } } }, 'invalid_brand', '/brand/logo/url'],
    ] as const)
      expect(await problemOf(await change(body))).toEqual({ status: 422, code, pointers: [pointer] })
  })
})

describe('the files of pictures', () => {
  it('are written by nobody but the service, and read by anybody', async () => {
    const { brand } = await uploaded('logo', samples['image/png'])
    const path = brand.logo?.url ?? ''
    const object = `${stack.api_url}${path.replace('/public/', '/')}`
    for (const apikey of [stack.publishable_key, owner.token])
      for (const method of ['POST', 'PUT', 'DELETE']) {
        const headers = { apikey, authorization: `Bearer ${apikey}`, 'content-type': 'image/png' }
        const body = method === 'DELETE' ? null : 'other bytes'
        for (const url of [object, `${stack.api_url}${path}`])
          expect(
            (await fetch(url, { method, headers, body })).status,
            `${method} ${url}`,
          ).toBeGreaterThanOrEqual(400)
      }
    expect(await bytesAt(path)).toEqual(samples['image/png'])
    // Only of this bucket: contracts are no public files.
    expect((await fetchFile(path.replace('/brands/', '/contracts/'))).ok).toBe(false)
  })

  it('are removed a day after nothing shows them any more, also when the tenant is gone', async () => {
    const gone = await makeTenant({ owner })
    const demo = await makeTenant({ owner })
    const paths = [
      (await uploaded('logo', picture('replaced'))).brand.logo?.url,
      (await uploaded('logo', picture('shown'))).brand.logo?.url,
      (await uploaded('coach-photo', picture('photo'))).coach_photo,
      (await uploaded('logo', picture('purged'), 'image/png', gone)).brand.logo?.url,
      (await uploaded('logo', picture('fresh'), 'image/png', gone)).brand.logo?.url,
      (await uploaded('logo', picture('demo'), 'image/png', demo)).brand.logo?.url,
    ]
    await admin.query('delete from public.tenants where id = $1', [gone.id])
    // A demo is put back tonight to the picture that a visitor replaced.
    await forceTenant(superuser, demo.id, "status = 'demo', kind = 'demo'")
    await admin.query('select private.snapshot_demo_tenant($1)', [demo.id])
    await uploaded('logo', picture('visitor'), 'image/png', demo)
    const age = (path: string | null | undefined, hours: number) =>
      superuser.query(
        `update storage.objects set created_at = now() - make_interval(hours => $2), updated_at = now() - make_interval(hours => $2)
         where bucket_id = 'brands' and name = $1`,
        [path?.replace('/storage/v1/object/public/brands/', ''), hours],
      )
    for (const [n, path] of paths.entries()) await age(path, n === 4 ? 23 : 25)

    const swept = await call('/registry/files/sweep', { method: 'POST', apikey: stack.secret_key })
    expect(swept.status).toBe(200)
    const left = await Promise.all(paths.map(async (path) => (await fetchFile(path)).ok))
    expect(left).toEqual([false, true, true, false, true, true])

    await admin.query('select private.reset_demo_tenant($1)', [demo.id])
    expect((await publicPage(demo)).brand.logo.url).toBe(paths[5])
    await admin.query('delete from public.tenants where id = $1', [demo.id])
  })
})
