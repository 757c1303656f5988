import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { type Claims, callerDb, closeConnections } from '../../../lib/db/index.ts'
import { exportTenant } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { eventually } from '../../kit/eventually.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

// Clients that ask for an export and then read nothing, over real sockets.

process.env.SUPABASE_DB_URL = inject('stack').db_url
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const stack = inject('stack')
let owner: Person
const sockets: Socket[] = []
beforeAll(async () => {
  owner = await makePerson()
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await closeConnections()
})

/** A tenant with more than all buffers on the way can hold: 60 MB. */
async function makeLargeTenant(): Promise<Tenant> {
  const tenant = await makeTenant({ owner })
  await admin.query(
    `insert into public.usage_events (tenant_id, event_type, event_data)
     select $1, 'export.large', jsonb_build_object('text', repeat('x', 250000)) from generate_series(1, 240)`,
    [tenant.id],
  )
  return tenant
}

const at = ({ slug }: Tenant) => `/registry/tenants/${slug}/export`
const ask = (tenant: Tenant) => call(at(tenant), { token: owner.token })

interface Stalled {
  socket: Socket
  chunks: string[]
}

/** Asks for an export, reads the start of the answer, and then nothing more. */
async function stall(tenant: Tenant): Promise<Stalled> {
  for (;;) {
    const stalled = await tryToStall(tenant)
    if (stalled) return stalled
    // The export of the test before may hold its slot for as long as a stalled reader may.
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

/** Undefined if all slots are taken (503). */
async function tryToStall(tenant: Tenant): Promise<Stalled | undefined> {
  const url = new URL(stack.api_url)
  const socket = connect(Number(url.port), url.hostname)
  sockets.push(socket)
  const chunks: string[] = []
  socket.on('error', () => {})
  const started = new Promise<void>((resolve, reject) => {
    let isStarted = false
    socket.once('close', () => reject(new Error(`Closed after: ${chunks.join('').slice(0, 2_000)}`)))
    socket.on('data', (chunk) => {
      chunks.push(chunk.toString('latin1'))
      const isRefused = !chunks[0]!.startsWith('HTTP/1.1 200')
      if (isStarted || !(isRefused || chunks.join('').includes('"header"'))) return
      isStarted = true
      socket.pause()
      resolve()
    })
  })
  socket.write(
    `GET /functions/v1${at(tenant)} HTTP/1.1\r\nhost: ${url.host}\r\nauthorization: Bearer ${owner.token}\r\n\r\n`,
  )
  await started
  if (chunks[0]!.startsWith('HTTP/1.1 503')) {
    socket.destroy()
    return undefined
  }
  expect(chunks[0]).toMatch(/^HTTP\/1.1 200/)
  return { socket, chunks }
}

describe('a reader who stops reading', () => {
  it('holds the tenant for ten seconds, and is cut off without a trailer', async () => {
    const tenant = await makeLargeTenant()
    const { socket, chunks } = await stall(tenant)
    const stalledAt = Date.now()
    expect(await problemOf(await ask(tenant))).toMatchObject({ status: 409, code: 'export_running' })
    // Another isolate: its own slots, and the same database.
    const claims: Claims = { role: 'authenticated', sub: owner.id }
    await expect(
      exportTenant(callerDb(claims), claims, { id: tenant.id, refId: tenant.ref_id, slug: tenant.slug }),
    ).rejects.toMatchObject({ code: 'export_running' })

    await eventually(async () => {
      const response = await ask(tenant)
      expect(response.status).toBe(200)
      await response.body?.cancel()
    })
    expect(Date.now() - stalledAt).toBeGreaterThan(8_000)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.resume()
    await closed
    expect(chunks.join('')).not.toContain('"trailer"')
  })

  it('keeps nobody else from an export for longer, not even three of them', async () => {
    const tenants = await Promise.all([makeLargeTenant(), makeLargeTenant(), makeLargeTenant()])
    const small = await makeTenant({ owner })
    // One after the other: the three slots of the isolate are taken by the end.
    for (const tenant of tenants) await stall(tenant)
    await eventually(async () => {
      const response = await ask(small)
      expect(response.status).toBe(200)
      expect(await response.text()).toContain('"trailer"')
    })
  })

  it('that reads on in time gets everything', async () => {
    const tenant = await makeLargeTenant()
    const { socket, chunks } = await stall(tenant)
    await new Promise((resolve) => setTimeout(resolve, 4_000))
    socket.resume()
    const end = () => chunks.slice(-3).join('')
    await eventually(() => expect(end()).toContain('"trailer"'))
    expect(chunks.reduce((total, { length }) => total + length, 0)).toBeGreaterThan(60_000_000)
  })
})

it('a tenant whose export ended can be exported at once', async () => {
  const tenant = await makeTenant({ owner })
  for (let n = 0; n < 3; n++) {
    const response = await ask(tenant)
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('"trailer"')
  }
})

it('a refused export is not recorded as one', async () => {
  const tenant = await makeLargeTenant()
  const { socket } = await stall(tenant)
  expect((await ask(tenant)).status).toBe(409)
  const { rows } = await admin.query(
    `select count(*)::int as n from public.audit_log where tenant_id = $1 and action = 'tenant.exported'`,
    [tenant.id],
  )
  expect(rows).toEqual([{ n: 1 }])
  socket.destroy()
})
