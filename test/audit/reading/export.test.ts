import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { csvCell } from '../../../lib/runtime/index.ts'
import { call } from '../../kit/call.ts'
import { superuser } from '../../kit/db.ts'
import type { Person } from '../../kit/people.ts'
import type { StackFile } from '../../kit/stack.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { type AuditEvent, logPath, makeLog, readPage } from './log.ts'

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  ;({ owner, tenant } = await makeLog())
})

const at = (rest = '', of = tenant) => logPath(of, rest)

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
    expect((await readPage(tenant, owner.token, '?limit=1')).events[0]).toMatchObject({
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
  })
})
