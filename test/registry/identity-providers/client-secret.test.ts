import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../../kit/call.ts'
import { admin, asService, asUser, superuser } from '../../kit/db.ts'
import { client, type OidcServer, startOidcServer } from '../../kit/servers/oidc-server.ts'
import { makeWorld, oidcSettings, path, put, revisionOf, type World } from './world.ts'

let provider: OidcServer
beforeAll(async () => {
  provider = await startOidcServer()
})
afterAll(() => provider.stop())

const oidc = (more = {}) => oidcSettings(provider.issuer, more)

const secretsOf = async ({ tenant }: World): Promise<string[]> => {
  const { rows } = await superuser.query<{ secret: string }>(
    `select s.decrypted_secret as secret from public.tenant_idp_config as c
     join vault.decrypted_secrets as s on s.id = c.client_secret_id where c.tenant_id = $1`,
    [tenant.id],
  )
  return rows.map(({ secret }) => secret)
}
const isSecretLeft = async (id: string) =>
  (await superuser.query('select from vault.secrets where id = $1', [id])).rowCount === 1

const secretIdOf = async ({ tenant }: World) => {
  const { rows } = await superuser.query<{ id: string }>(
    'select client_secret_id as id from public.tenant_idp_config where tenant_id = $1',
    [tenant.id],
  )
  return rows[0]!.id
}

describe('the client secret', () => {
  it('is shown by no route, no table and no function of a member', async () => {
    const world = await makeWorld()
    const marked = `marked-${randomUUID()}`
    const answers = [await put(world, 'oidc', oidc({ client_secret: marked }))]
    answers.push(await call(path(world), { token: world.owner.token }))
    answers.push(await call(path(world, '/oidc'), { token: world.owner.token }))
    answers.push(await call(path(world, '/oidc/check'), { method: 'POST', token: world.owner.token }))
    for (const answer of answers) expect(await answer.text()).not.toContain(marked)
    const { rows } = await superuser.query(
      'select c::text from public.tenant_idp_config as c where tenant_id = $1',
      [world.tenant.id],
    )
    expect(JSON.stringify(rows)).not.toContain(marked)
    expect(await secretsOf(world)).toEqual([marked])
    for (const statement of [
      `select private.read_idp_secret('${world.tenant.id}', 'oidc', gen_random_uuid())`,
      'select * from vault.decrypted_secrets',
    ])
      await expect(asUser(world.owner.id, (db) => db.query(statement))).rejects.toMatchObject({
        code: '42501',
      })
  })
  it('stays for the same client, and goes when issuer or client become others', async () => {
    const world = await makeWorld()
    await put(world, 'oidc', oidc())
    const first = await secretIdOf(world)
    await put(world, 'oidc', { issuer: provider.issuer, client_id: client.id, scopes: ['groups'] })
    expect(await secretsOf(world)).toEqual([client.secret])
    // Otherwise a new issuer's token endpoint would be sent the old one's secret.
    await put(world, 'oidc', { issuer: 'https://login.example', client_id: client.id })
    expect(await secretsOf(world)).toEqual([])
    expect(await isSecretLeft(first)).toBe(false)
  })
  it('that is replaced, or whose provider or tenant is deleted, is gone from Vault', async () => {
    const world = await makeWorld()
    await put(world, 'oidc', oidc())
    const first = await secretIdOf(world)
    await put(world, 'oidc', oidc({ client_secret: 'second' }))
    const second = await secretIdOf(world)
    expect([await isSecretLeft(first), await isSecretLeft(second)]).toEqual([false, true])
    const removed = await call(path(world, '/oidc'), { method: 'DELETE', token: world.owner.token })
    expect([removed.status, await isSecretLeft(second)]).toEqual([204, false])
    await put(world, 'oidc', oidc())
    const third = await secretIdOf(world)
    await admin.query('delete from public.tenants where id = $1', [world.tenant.id])
    expect(await isSecretLeft(third)).toBe(false)
  })
  it('of settings that have changed is not read', async () => {
    const world = await makeWorld()
    await put(world, 'oidc', oidc())
    const readOf = (revision: string) =>
      asService(async (db) => {
        const { rows } = await db.query(`select private.read_idp_secret($1, 'oidc', $2) as secret`, [
          world.tenant.id,
          revision,
        ])
        return rows[0].secret
      })
    const first = await revisionOf(world)
    expect(await readOf(first)).toBe(client.secret)
    await put(world, 'oidc', oidc({ client_secret: 'second' }))
    expect(await readOf(first)).toBeNull()
  })
})
