import { beforeAll, describe, expect, it } from 'vitest'
import { admin, superuser } from '../kit/db.ts'
import { createTenant, type Person, signUpPerson } from '../kit/sign-up.ts'
import { freshSlug } from '../kit/tenants.ts'

// What tenancy.md adds to the slugs and owners of requirement document 003, the tenant registry.

let ada: Person
let ben: Person
beforeAll(async () => {
  ;[ada, ben] = await Promise.all([signUpPerson(), signUpPerson()])
})

describe('a slug is claimed atomically', () => {
  it('two people claiming one slug at once: one wins', async () => {
    for (let round = 0; round < 5; round++) {
      const slug = freshSlug()
      const claims = await Promise.all(
        [ada, ben].map(({ client }) => client.rpc('create_tenant', { slug, name: 'Race' })),
      )
      expect(claims.map(({ status }) => status).sort()).toEqual([200, 409])
      expect(claims.find(({ status }) => status === 409)?.error?.message).toBe('slug_taken')
      const { rows } = await superuser.query('select from public.tenants where slug = $1', [slug])
      expect(rows.length).toBe(1)
      // Ten trials are all that one person may own.
      await superuser.query(`delete from public.tenants where slug = $1`, [slug])
    }
  })

  it('a retired slug is kept from others for 90 days, and from its own tenant never', async () => {
    const [first, second] = [freshSlug(), freshSlug()]
    const { id } = await createTenant(ada, first)
    const renamed = await ada.client.rpc('rename_tenant_slug', { tenant_id: id, slug: second })
    expect(renamed.data.slug).toBe(second)

    const refused = await ben.client.rpc('create_tenant', { slug: first, name: 'Squatter' })
    expect([refused.status, refused.error?.message]).toEqual([409, 'slug_taken'])

    const back = await ada.client.rpc('rename_tenant_slug', { tenant_id: id, slug: first })
    expect(back.data.slug).toBe(first)
    await ada.client.rpc('rename_tenant_slug', { tenant_id: id, slug: second })

    const retire = (days: number) =>
      superuser.query(
        `update public.tenant_slugs set retired_at = now() - make_interval(days => $2) where slug = $1`,
        [first, days],
      )
    await retire(89)
    expect((await ben.client.rpc('create_tenant', { slug: first, name: 'Too early' })).status).toBe(409)
    await retire(91)
    expect((await createTenant(ben, first)).slug).toBe(first)
    const returned = await ada.client.rpc('rename_tenant_slug', { tenant_id: id, slug: first })
    expect([returned.status, returned.error?.message]).toEqual([409, 'slug_taken'])
  })
})

describe('renaming is no way to hoard names', () => {
  it('five slugs given up in 90 days are enough', async () => {
    const { id } = await createTenant(ada)
    const rename = (slug = freshSlug()) => ada.client.rpc('rename_tenant_slug', { tenant_id: id, slug })
    for (let n = 0; n < 5; n++) expect((await rename()).status).toBe(200)
    const { status, error } = await rename()
    expect([status, error?.message]).toEqual([403, 'too_many_renames'])

    await superuser.query(
      `update public.tenant_slugs set retired_at = now() - interval '91 days' where tenant_id = $1 and retired_at is not null`,
      [id],
    )
    expect((await rename()).status).toBe(200)
  })
})

describe('a tenant always has an owner', () => {
  const twoOwners = async () => {
    const { id } = await createTenant(ada)
    await superuser.query(
      `insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'owner')`,
      [id, ben.id],
    )
    return id
  }
  const ownersOf = async (id: string) =>
    (
      await superuser.query(
        `select from public.tenant_members where tenant_id = $1 and role = 'owner' and status = 'active'`,
        [id],
      )
    ).rows.length

  it('two owners leaving at once: exactly one remains', async () => {
    const id = await twoOwners()
    const left = await Promise.all(
      [ada, ben].map(({ client }) => client.rpc('leave_tenant', { tenant_id: id })),
    )
    expect(left.map(({ status }) => (status < 300 ? 'left' : status)).sort()).toEqual([409, 'left'])
    expect(left.find(({ status }) => status === 409)?.error?.message).toBe('last_owner')
    expect(await ownersOf(id)).toBe(1)
  })

  it('nor can they, however their transactions overlap', async () => {
    const id = await twoOwners()
    const leave = `delete from public.tenant_members where tenant_id = $1 and user_id = $2`
    const [first, second] = [await admin.connect(), await admin.connect()]
    try {
      await first.query('begin')
      await second.query('begin')
      await first.query(leave, [id, ada.id])
      const waiting = second.query(leave, [id, ben.id]).then(
        () => 'left',
        (error: { code: string }) => error.code,
      )
      await first.query('commit')
      expect(await waiting).toBe('PT409')
      await second.query('rollback')
    } finally {
      first.release()
      second.release()
    }
    expect(await ownersOf(id)).toBe(1)
  })

  it('the last one cannot be demoted, suspended or removed either', async () => {
    const { id } = await createTenant(ben)
    const mine = () => ben.client.from('tenant_members')
    const answers = [
      await mine().update({ role: 'admin' }).eq('tenant_id', id),
      await mine().update({ status: 'deactivated' }).eq('tenant_id', id),
      await mine().delete().eq('tenant_id', id),
    ]
    for (const { status, error } of answers) expect([status, error?.message]).toEqual([409, 'last_owner'])
  })
})

describe('a trial', () => {
  it('gets its end date', async () => {
    const { id, status, trial_ends_at } = await createTenant(ada)
    expect(status).toBe('trial')
    expect(Math.round((Date.parse(trial_ends_at) - Date.now()) / 86_400_000)).toBe(14)
    const endless = superuser.query('update public.tenants set trial_ends_at = null where id = $1', [id])
    await expect(endless).rejects.toMatchObject({ code: '23514', constraint: 'trial_has_an_end' })
  })

  it('that has ended leaves the tenant readable and no more', async () => {
    const { id } = await createTenant(ada)
    await superuser.query(
      `update public.tenants set trial_ends_at = now() - interval '1 second' where id = $1`,
      [id],
    )
    const read = await ada.client.from('tenants').select('id').eq('id', id)
    expect(read.data).toEqual([{ id }])
    const written = await ada.client.from('campaigns').insert({ tenant_id: id, name: 'Late' })
    expect([written.status, written.error?.code]).toEqual([403, '42501'])
    const logged = await ada.client.rpc('log_usage_event', { tenant_id: id, event_type: 'late' })
    expect([logged.status, logged.error?.message]).toEqual([403, 'trial_ended'])
  })
})
