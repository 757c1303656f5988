import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { makeMigrated, type OwnDatabase } from './kit/own-database.ts'
import { runSupabase } from './kit/supabase-cli.ts'

// A busy machine makes these slow, not wrong.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

interface Accepted {
  lint: string
  subject: string
  reason: string
}
interface Finding {
  name: string
  detail: string
  metadata: { schema?: string; name?: string }
}

const accepted: Accepted[] = JSON.parse(
  readFileSync(new URL('../supabase/advisors-accepted.json', import.meta.url), 'utf8'),
)

const subjectOf = (finding: Finding) => `${finding.metadata.schema}.${finding.metadata.name}`
const accepts = (one: Accepted, finding: Finding) =>
  one.lint === finding.name &&
  (one.subject.endsWith('*')
    ? subjectOf(finding).startsWith(one.subject.slice(0, -1))
    : subjectOf(finding) === one.subject)

describe('supabase db advisors', () => {
  let own: OwnDatabase
  let findings: Finding[] = []

  beforeAll(async () => {
    own = await makeMigrated(inject('stack'))
    const { stdout, stderr } = await runSupabase(
      ['db', 'advisors', '--output-format', 'json', '--level', 'info', '--fail-on', 'none'],
      own.url,
    )
    expect(stderr).not.toMatch(/error/i)
    findings = (JSON.parse(stdout) as { results: Finding[] }).results
  })
  afterAll(() => own?.drop())

  it('finds nothing that is not explained', () => {
    const unexplained = findings.filter((finding) => !accepted.some((one) => accepts(one, finding)))
    expect(unexplained.map((finding) => `${finding.name}: ${finding.detail}`)).toEqual([])
  })

  it('explains nothing that is not found', () => {
    const stale = accepted.filter((one) => !findings.some((finding) => accepts(one, finding)))
    expect(stale).toEqual([])
  })

  it('gives a reason for each', () => {
    for (const { reason } of accepted) expect(reason).toMatch(/^.{20,}\.$/)
  })
})
