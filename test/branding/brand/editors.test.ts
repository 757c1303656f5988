import { beforeEach, describe, expect, it } from 'vitest'
import { Brand } from '../../../lib/branding/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, asUser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { readBrandTag } from './editor.ts'

let owner: Person
let other: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  other = await makePerson()
  tenant = await makeTenant({ owner, admin: other })
})

const read = async (who = owner) =>
  Brand.parse(await (await call('/branding/brand', { token: who.token })).json())
const patch = (who: Person, ifMatch: string | undefined, body: unknown) =>
  call('/branding/brand', {
    method: 'PATCH',
    token: who.token,
    body,
    ...(ifMatch !== undefined && { headers: { 'if-match': ifMatch } }),
  })
const tagOf = (response: Response) => response.headers.get('etag') ?? ''

describe('two people who edit one brand', () => {
  it('cannot overwrite each other: the second is told where the two meet, and can compare', async () => {
    const tag = await readBrandTag({ token: owner.token })
    const first = await patch(owner, tag, {
      brand: { colors: { primary: '#111111' }, tagline: 'First' },
      coach_name: 'Ada Example',
    })
    expect(first.status).toBe(200)
    const mine = {
      brand: { colors: { primary: '#222222', accent: '#333333' } },
      coach_name: 'Ada',
      voice_id: 'x',
    }
    const second = await patch(other, tag, mine)
    const refusal = await second.json()
    expect([second.status, refusal.code, refusal.version]).toEqual([412, 'version_mismatch', 2])
    expect(refusal.conflicts.toSorted()).toEqual(['/brand/colors/primary', '/coach_name'])
    const now = await read(other)
    expect(now).toMatchObject({ version: 2, coach_name: 'Ada Example', voice_id: null })
    expect(now.brand).toEqual({ colors: { primary: '#111111' }, tagline: 'First' })
    // Having compared, they keep what is theirs.
    const kept = await patch(other, `"${refusal.version}"`, mine)
    expect(Brand.parse(await kept.json())).toMatchObject({
      version: 3,
      brand: { colors: { primary: '#222222', accent: '#333333' }, tagline: 'First' },
      coach_name: 'Ada',
    })
  })

  it('are told of no place when they changed different ones, and nothing is changed before they read again', async () => {
    const tag = await readBrandTag({ token: owner.token })
    await patch(owner, tag, { brand: { colors: { primary: '#111111' } } })
    const stale = await patch(other, tag, {
      brand: { colors: { accent: '#222222' } },
      email_config: { from_name: 'A' },
    })
    expect(await stale.json()).toMatchObject({
      status: 412,
      code: 'version_mismatch',
      version: 2,
      conflicts: [],
    })
    expect((await read()).brand).toEqual({ colors: { primary: '#111111' } })
  })

  it.each([
    ['the spelling of another document', { brand: { primary: '#222222' } }, ['/brand/colors/primary']],
    ['the whole that holds it', { brand: { colors: null } }, ['/brand/colors/primary']],
    ['a field of the e-mail settings', { email_config: { reply_to: null } }, ['/email_config/reply_to']],
    ['a list', { enabled_assessments: ['industry4'] }, ['/enabled_assessments']],
  ])('meet in %s', async (_what, mine, conflicts) => {
    const tag = await readBrandTag({ token: owner.token })
    const first = await patch(owner, tag, {
      brand: { colors: { primary: '#111111' } },
      email_config: { reply_to: 'coach@example.com' },
      enabled_assessments: ['industry4', 'money-archetypes'],
    })
    expect(first.status).toBe(200)
    expect(await (await patch(other, tag, mine)).json()).toMatchObject({
      code: 'version_mismatch',
      conflicts,
    })
  })

  it('at the same moment: one is first, all others are told, and none is lost', async () => {
    const tag = await readBrandTag({ token: owner.token })
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        patch(n % 2 ? owner : other, tag, { brand: { tagline: `Editor ${n}` } }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(412)])
    const won = Brand.parse(await answers.find(({ status }) => status === 200)!.json())
    expect(await read()).toEqual(won)
  })
})

describe('the version of a brand', () => {
  it('is one more after each change, whichever way it came, and stays when nothing changed', async () => {
    const before = tagOf(await patch(owner, '"1"', { coach_name: 'Ada' }))
    expect((await patch(owner, before, { coach_name: 'Ada' })).status).toBe(200)
    expect((await read()).version).toBe(2)
    // As over REST, through the view that requirement document 002 asks for.
    await admin.query(`update public.tenant_profiles set display_name = 'Renamed' where id = $1`, [tenant.id])
    expect((await read()).version).toBe(3)
    expect(
      await (await patch(owner, before, { display_name: 'Mine', coach_name: 'Eva' })).json(),
    ).toMatchObject({
      code: 'version_mismatch',
      conflicts: ['/display_name'],
    })
  })

  it('is nobody’s to write', async () => {
    for (const set of ['version = 7', `changed_in = '{}'`])
      await expect(
        asUser(owner.id, (db) =>
          db.query(`update public.tenant_brands set ${set} where tenant_id = $1`, [tenant.id]),
        ),
      ).rejects.toMatchObject({ code: '42501' })
    await expect(
      admin.query(`update public.tenant_brands set version = 7 where tenant_id = $1 returning version`, [
        tenant.id,
      ]),
    ).resolves.toMatchObject({ rows: [{ version: 1 }] })
  })

  it('is named by the ETag, which is another one after a rename too, and an edit goes on after that', async () => {
    const before = await readBrandTag({ token: owner.token })
    const renamed = await call(`/registry/tenants/${tenant.slug}/slug`, {
      token: owner.token,
      body: { slug: `${tenant.slug}x` },
    })
    expect(renamed.status).toBe(200)
    const held = await call('/branding/brand', { token: owner.token, headers: { 'if-none-match': before } })
    expect([held.status, tagOf(held) === before]).toEqual([200, false])
    expect((await patch(owner, before, { coach_name: 'Ada' })).status).toBe(200)
  })

  it.each([undefined, '', '*', '1', '"x"', 'W/"1"', '"1", "2"', '"-1"', '"1.x"', '"99999999999"'])(
    'has to be named: If-Match %s is 428',
    async (given) => {
      expect(await problemOf(await patch(owner, given, { coach_name: 'Ada' }))).toMatchObject({
        status: 428,
        code: 'if_match_required',
      })
      expect((await read()).coach_name).toBeNull()
    },
  )

  it('may be sent and read by a page of any origin', async () => {
    const preflight = await call('/branding/brand', {
      method: 'OPTIONS',
      headers: {
        origin: 'https://console.example.com',
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'authorization,if-match',
      },
    })
    expect(preflight.headers.get('access-control-allow-headers')).toContain('if-match')
    const answer = await call('/branding/brand', {
      token: owner.token,
      headers: { origin: 'https://console.example.com' },
    })
    expect(answer.headers.get('access-control-expose-headers')).toContain('etag')
  })
})
