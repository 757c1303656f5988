import { createHash, randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { ulidOf } from '../../../lib/db/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { linesOf } from './lines.ts'

describe('a link to an export', () => {
  let owner: Person
  let tenant: Tenant
  beforeAll(async () => {
    owner = await makePerson()
    tenant = await makeTenant({ owner })
  })

  const issue = async (of = tenant, as = owner) => {
    const answer = await call(`/registry/tenants/${of.slug}/export/links`, {
      method: 'POST',
      token: as.token,
    })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    return (await answer.json()) as { path: string; expires_at: string }
  }
  const tokenOf = (path: string) => path.split('token=')[1]!
  const isGone = async (path: string) =>
    expect(await problemOf(await call(path))).toMatchObject({ status: 404, code: 'export_link_not_found' })

  it('exports once, as a file, with no header', async () => {
    const { path, expires_at } = await issue()
    expect(Date.parse(expires_at) - Date.now()).toBeLessThanOrEqual(300_000)
    const answer = await call(path)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="${tenant.slug}.ndjson"`)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const lines = linesOf(await answer.text())
    expect(lines[0]?.header?.tenant.ref_id).toBe(tenant.ref_id)
    expect(lines.at(-1)).toHaveProperty('trailer')
    await isGone(path)
    const { rows } = await superuser.query(
      'select action, actor_id from public.audit_log where tenant_id = $1 order by seq desc limit 2',
      [tenant.id],
    )
    expect(rows).toEqual([
      { action: 'tenant.exported', actor_id: ulidOf(owner.id) },
      { action: 'tenant.export_link_issued', actor_id: ulidOf(owner.id) },
    ])
  })

  it('gives one export to two who open it at once, and none to whoever looks at its headers', async () => {
    const { path } = await issue()
    expect((await call(path, { method: 'HEAD' })).status).toBe(200)
    const answers = await Promise.all([call(path), call(path), call(path)])
    await Promise.all(answers.map((answer) => answer.text()))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404])
  })

  it('opens nothing else, and cannot be guessed', async () => {
    const { path } = await issue()
    const other = await makeTenant({ owner })
    await isGone(`/registry/tenants/${other.ref_id}/export/file?token=${tokenOf(path)}`)
    await isGone(`/registry/tenants/nobody-has-this/export/file?token=${tokenOf(path)}`)
    await isGone(
      `/registry/tenants/${tenant.ref_id}/export/file?token=texp_${randomBytes(32).toString('base64url')}`,
    )
    expect((await call(`/registry/tenants/${tenant.slug}`, { token: tokenOf(path) })).status).toBe(401)
    expect(await problemOf(await call(`/registry/tenants/${tenant.ref_id}/export/file`))).toMatchObject({
      code: 'invalid_query',
    })
    expect((await call(path)).status).toBe(200)
  })

  it('ends by the clock, and is kept as a hash alone', async () => {
    const { path } = await issue()
    const hash = createHash('sha256').update(tokenOf(path)).digest()
    const { rows } = await superuser.query(
      'select l::text as kept from private.export_links as l where token_hash = $1',
      [hash],
    )
    expect(rows).toHaveLength(1)
    expect(rows[0].kept).not.toContain(tokenOf(path).slice(5))
    await superuser.query(
      `update private.export_links set created_at = created_at - interval '1 hour', expires_at = expires_at - interval '1 hour'
       where token_hash = $1`,
      [hash],
    )
    await isGone(path)
  })

  it('exports what its person may export when it is opened', async () => {
    const left = await makeTenant({ owner, admin: await makePerson() })
    const { path } = await issue(left)
    await admin.query(`update public.tenant_members set role = 'owner' where tenant_id = $1`, [left.id])
    await admin.query(
      `update public.tenant_members set role = 'admin' where tenant_id = $1 and user_id = $2`,
      [left.id, owner.id],
    )
    expect(await problemOf(await call(path))).toMatchObject({ status: 403, code: 'forbidden' })
  })

  it('is there for a frozen tenant, and the tenant’s people alone', async () => {
    const frozen = await makeTenant({ owner, status: 'frozen' })
    const { path } = await issue(frozen)
    const answer = await call(path)
    expect(answer.status).toBe(200)
    await answer.text()
    const archived = await makeTenant({ owner, status: 'archived' })
    expect(
      (await call(`/registry/tenants/${archived.slug}/export/links`, { method: 'POST', token: owner.token }))
        .status,
    ).toBe(404)
  })
})
