import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { csvCell } from '../../lib/audit/export.ts'
import { call, problemOf } from '../kit/call.ts'
import { admin, superuser } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import type { StackFile } from '../kit/stack.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'

interface AuditEvent {
  seq: number
  action: string
  [field: string]: unknown
}
interface Page {
  events: AuditEvent[]
  next_cursor: string | null
}

let owner: Person
let reviewer: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  reviewer = await makePerson()
  tenant = await makeTenant({ owner, reviewer })
  for (let n = 1; n <= 12; n++) {
    await admin.query('insert into public.campaigns (tenant_id, name) values ($1, $2)', [
      tenant.id,
      `Campaign ${n}`,
    ])
  }
  await call(`/registry/tenants/${tenant.slug}`, {
    method: 'PATCH',
    token: owner.token,
    body: { name: 'Renamed' },
  })
  await call(`/registry/tenants/${tenant.slug}`, {
    method: 'PATCH',
    token: reviewer.token,
    body: { name: 'No' },
  })
})

const at = (rest = '', of = tenant) => `/registry/tenants/${of.slug}/audit${rest}`
async function read(query = '', token = owner.token): Promise<Page> {
  const response = await call(at(query), { token })
  expect(response.status).toBe(200)
  return (await response.json()) as Page
}

describe('reading', () => {
  it('goes page by page from the newest to the first, each row once', async () => {
    const seen: number[] = []
    let cursor: string | null = null
    do {
      const page: Page = await read(`?limit=5${cursor ? `&cursor=${cursor}` : ''}`)
      expect(page.events.length).toBeLessThanOrEqual(5)
      seen.push(...page.events.map(({ seq }) => seq))
      cursor = page.next_cursor
    } while (cursor)
    const newest = seen[0]!
    expect(seen).toEqual(Array.from({ length: newest }, (_, n) => newest - n))
  })

  it('filters by actor, action, target, time and failure, together', async () => {
    const whole = (await read('?limit=100')).events
    const only = async (query: string) => (await read(`?limit=100&${query}`)).events
    const refused = await only('is_failure=true')
    expect(refused.map(({ actor_id, action }) => [actor_id, action])).toEqual([
      [reviewer.refId, 'request.refused'],
    ])
    const campaigns = await only('action=campaigns.created')
    expect(campaigns).toHaveLength(12)
    expect(await only(`target=${campaigns[3]!.target_id}`)).toEqual([campaigns[3]])
    expect(
      (await only(`actor=${owner.refId}&action=tenants.updated`)).map((event) => event.target_name),
    ).toEqual(['Renamed'])
    const [since, until] = [campaigns[6]!.created_at, campaigns[2]!.created_at]
    expect((await only(`since=${since}&until=${until}`)).map(({ seq }) => seq)).toEqual(
      campaigns.slice(3, 7).map(({ seq }) => seq),
    )
    expect(await only('product=nothing')).toEqual([])
    expect(whole.length).toBeGreaterThan(18)
  })

  it.each([
    ['?limit=0', '/limit'],
    ['?limit=101', '/limit'],
    ['?cursor=!', '/cursor'],
    ['?cursor=YmVmb3JlOi0x', '/cursor'],
    ['?since=yesterday', '/since'],
    ['?from=2026-01-01T00:00:00Z', '/from'],
    ['?is_failure=maybe', '/is_failure'],
    ['?suppress=true', '/suppress'],
  ])('refuses %s', async (query, pointer) => {
    expect(await problemOf(await call(at(query), { token: owner.token }))).toEqual({
      status: 422,
      code: 'invalid_query',
      pointers: [pointer],
    })
  })

  it('is itself recorded, once a minute and reader', async () => {
    const read_ = await makeTenant({ owner })
    for (let n = 0; n < 3; n++) await call(at('', read_), { token: owner.token })
    const { events } = (await (await call(at('', read_), { token: owner.token })).json()) as Page
    expect(events.filter(({ action }) => action === 'audit.viewed')).toMatchObject([
      { actor_id: owner.refId, crud: 'r', target_type: 'audit_log' },
    ])
  })

  it("shows nothing of another tenant's", async () => {
    const stranger = await makePerson()
    const theirs = await makeTenant({ owner: stranger })
    const page = (await (await call(at('?limit=100', theirs), { token: stranger.token })).json()) as Page
    expect(new Set(page.events.map((event) => event.tenant_id))).toEqual(new Set([theirs.id]))
    expect((await call(at('', theirs), { token: owner.token })).status).toBe(404)
  })
})

describe('a viewer token', () => {
  const issue = async (body: object = {}) => {
    const response = await call(at('/viewer-tokens'), { token: owner.token, body })
    expect(response.status).toBe(201)
    return (await response.json()) as { token: string; expires_at: string }
  }

  it('reads the log of its tenant, and is its issuer in the log', async () => {
    const { token, expires_at } = await issue({ ttl_seconds: 60 })
    expect(Date.parse(expires_at) - Date.now()).toBeLessThanOrEqual(60_000)
    expect((await read('?limit=1', token)).events).toHaveLength(1)
    expect(await problemOf(await call(at('?limit=x'), { token }))).toMatchObject({ code: 'invalid_query' })
  })

  it('opens nothing else', async () => {
    const { token } = await issue()
    const other = await makeTenant({ owner })
    expect((await call(at('', other), { token })).status).toBe(404)
    for (const path of [
      at('/export?format=csv'),
      at('/verify'),
      `/registry/tenants/${tenant.slug}`,
      '/registry/tenants',
    ])
      expect((await call(path, { token })).status).toBe(401)
    expect((await call(at('/viewer-tokens'), { token, body: {} })).status).toBe(401)
  })

  it('lives for 15 minutes at most, and ends by the clock', async () => {
    expect(
      await problemOf(await call(at('/viewer-tokens'), { token: owner.token, body: { ttl_seconds: 901 } })),
    ).toMatchObject({ code: 'invalid_body' })
    const { token, expires_at } = await issue()
    expect(Date.parse(expires_at) - Date.now()).toBeLessThanOrEqual(900_000)
    await superuser.query(
      `update private.audit_viewers set created_at = created_at - interval '1 hour', expires_at = expires_at - interval '1 hour'
       where token_hash = $1`,
      [createHash('sha256').update(token).digest()],
    )
    expect((await call(at(), { token })).status).toBe(401)
  })

  it('is revoked, ends with the membership, and cannot be guessed', async () => {
    const revoked = await issue()
    const answer = await call(at('/viewer-tokens'), { method: 'DELETE', token: owner.token })
    expect(((await answer.json()) as { revoked: number }).revoked).toBeGreaterThan(0)
    expect((await call(at(), { token: revoked.token })).status).toBe(401)

    const admin_ = await makePerson()
    const left = await makeTenant({ owner, admin: admin_ })
    const response = await call(at('/viewer-tokens', left), { token: admin_.token, body: {} })
    const { token } = (await response.json()) as { token: string }
    expect((await call(at('', left), { token })).status).toBe(200)
    await admin.query('delete from public.tenant_members where user_id = $1', [admin_.id])
    expect((await call(at('', left), { token })).status).toBe(404)

    expect((await call(at(), { token: `tav_${randomBytes(32).toString('base64url')}` })).status).toBe(401)
  })

  it('is kept as a hash alone', async () => {
    const { token } = await issue()
    const { rows } = await superuser.query(
      'select v::text as kept from private.audit_viewers as v where tenant_id = $1',
      [tenant.id],
    )
    expect(rows.map(({ kept }) => kept).join()).not.toContain(token.slice(4))
  })
})

describe('an export', () => {
  const fetchExport = async (format: string, of = tenant) => {
    const response = await call(at(`/export?format=${format}`, of), { token: owner.token })
    expect(response.status).toBe(200)
    return response
  }

  it('as JSON lines can be verified without the database', async () => {
    const response = await fetchExport('jsonl')
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    let previous = '0'.repeat(64)
    const lines = (await response.text()).trimEnd().split('\n')
    for (const [index, line] of lines.entries()) {
      const { metadata: _, ...event } = JSON.parse(line) as AuditEvent & {
        created_at: string
        metadata: unknown
      }
      const metadata = line.slice(line.indexOf('"metadata":') + 11, -1)
      const text = (value: unknown) => (value === null ? null : String(value))
      const { hash, prev_hash, created_at, ...fields } = event
      const { payload_hash, source_ip, user_agent, request_id, ...first } = fields
      const seconds = BigInt(Date.parse(`${created_at.slice(0, 19)}Z`)) * 1000n
      const canonical = [
        ...['tenantry-audit-1', ...Object.values(first).map(text), metadata, payload_hash],
        ...[source_ip, user_agent, request_id, String(seconds + BigInt(created_at.slice(20, 26))), prev_hash],
      ]
      expect(event.seq).toBe(index + 1)
      expect(prev_hash).toBe(previous)
      expect(createHash('sha256').update(JSON.stringify(canonical)).digest('hex')).toBe(hash)
      expect(createHash('sha256').update(metadata).digest('hex')).toBe(payload_hash)
      previous = String(hash)
    }
    // The row about this export comes with its commit, after those it holds.
    expect((await read('?limit=1')).events[0]).toMatchObject({
      action: 'audit.exported',
      seq: lines.length + 1,
    })
  })

  it('as CSV has a header, a record a row, and nothing that a spreadsheet would run', async () => {
    const hostile = await makeTenant({ owner })
    const name = '=HYPERLINK("http://example.com","click, me")'
    await call(`/registry/tenants/${hostile.slug}`, {
      method: 'PATCH',
      token: owner.token,
      body: { name },
      headers: { 'user-agent': '@SUM(1+1)' },
    })
    const response = await fetchExport('csv', hostile)
    expect(response.headers.get('content-type')).toContain('text/csv')
    expect(response.headers.get('content-disposition')).toBe(
      `attachment; filename="audit-${hostile.slug}.csv"`,
    )
    const records = (await response.text()).split('\r\n')
    expect(records[0]).toMatch(/^tenant_id,seq,id,.*,metadata$/)
    const renamed = records.find((record) => record.includes('tenants.updated'))!
    expect(renamed).toContain(`,"'=HYPERLINK(""http://example.com"",""click, me"")",`)
    expect(renamed).toContain(`,'@SUM(1+1),`)
    expect(records.at(-1)).toBe('')
  })

  it.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@x', "'@x"],
    ['\tx', "'\tx"],
    ['\rx', `"'\rx"`],
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a\nb', '"a\nb"'],
    ['plain', 'plain'],
    [null, ''],
    ['', ''],
    [false, 'false'],
  ])('writes %j as %j', (value, written) => expect(csvCell(value)).toBe(written))

  it('takes as much memory for a long log as for a short one', async () => {
    const stackFile = JSON.parse(readFileSync(`${inject('stack').data_dir}/stack.json`, 'utf8')) as StackFile
    const { pid } = stackFile.runtime.functions.registry!
    const residentMb = () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
    const peakOf = async (rows: number) => {
      const of = await makeTenant({ owner })
      // Made at once: what an export reads need not be a chain.
      await superuser.query(
        `insert into public.audit_log (tenant_id, seq, actor_type, action, crud, component, metadata, payload_hash, prev_hash, hash)
         select $1, n, 'system', 'row.made', 'c', 'database', jsonb_build_object('text', repeat('x', 4000)), h, h, h
         from generate_series(101, 100 + $2::int) as n, repeat('a', 64) as h`,
        [of.id, rows],
      )
      await superuser.query('update private.audit_heads set seq = 100 + $2::int where tenant_id = $1', [
        of.id,
        rows,
      ])
      let peak = 0
      let bytes = 0
      let end = ''
      for await (const chunk of (await fetchExport('jsonl', of)).body!) {
        bytes += chunk.length
        end = Buffer.from(chunk).subarray(-2).toString()
        peak = Math.max(peak, residentMb())
      }
      expect(end).toBe('}\n')
      expect(bytes).toBeGreaterThan(rows * 4_500)
      return peak
    }
    const short = await peakOf(15_000)
    // 120 MB more to send.
    const long = await peakOf(42_000)
    expect(long - short).toBeLessThan(60)
  }, 60_000)
})

describe('verifying', () => {
  it('says that the chain holds, and up to where', async () => {
    // The newest row is the one about this very question.
    const verdict = (await (await call(at('/verify'), { token: owner.token })).json()) as object
    const { rows } = await superuser.query(
      'select seq::int, hash from public.audit_log where tenant_id = $1 order by seq desc offset 1 limit 1',
      [tenant.id],
    )
    expect(verdict).toEqual({ is_intact: true, checkpoint: { tenant: tenant.id, ...rows[0] }, break: null })
  })

  it('names the first break', async () => {
    const broken = await makeTenant({ owner })
    await superuser.query('update private.audit_heads set seq = seq + 2 where tenant_id = $1', [broken.id])
    const verdict = (await (await call(at('/verify', broken), { token: owner.token })).json()) as object
    expect(verdict).toMatchObject({ is_intact: false, break: { problem: 'tail_cut' } })
  })
})
