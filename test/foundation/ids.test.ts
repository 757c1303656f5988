import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { admin } from '../kit/db.ts'

const value = async (expression: string, parameters: unknown[] = []) =>
  (await admin.query<{ value: string | null }>(`select (${expression})::text as value`, parameters)).rows[0]!
    .value

describe('ids', () => {
  it('are version 7, and sort in the order they were made, also within a millisecond', async () => {
    const { rows } = await admin.query<{ id: string; at: Date }>(
      'select private.uuid_v7() as id from generate_series(1, 5000)',
    )
    const ids = rows.map(({ id }) => id)
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    // Two made within one microsecond fall back to chance.
    const outOfOrder = ids.filter((id, n) => n > 0 && id.slice(0, 18) < ids[n - 1]!.slice(0, 18))
    expect(outOfOrder).toEqual([])
    expect(new Set(ids).size).toBe(5000)
  })

  it('carry the clock in their first 48 bits', async () => {
    const before = Date.now()
    const id = (await value('private.uuid_v7()'))!
    const millis = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)
    expect(millis).toBeGreaterThanOrEqual(before - 1000)
    expect(millis).toBeLessThanOrEqual(Date.now() + 1000)
  })

  it('of a batch counted on from one moment are in order across a millisecond', async () => {
    const { rows } = await admin.query<{ id: string }>(
      'select private.uuid_v7_at(1763640000000000 + n) as id from generate_series(0, 3000) as n',
    )
    const leads = rows.map(({ id }) => id.slice(0, 18))
    expect([...leads].sort()).toEqual(leads)
  })
})

describe('the ULID spelling of an id', () => {
  it('is the published vector for a known id', async () => {
    expect(await value(`private.ulid('0190163d-8694-739b-aea5-966c26f8ad91')`)).toBe(
      '01J0B3V1MMEEDTX9CPDGKFHBCH',
    )
  })

  it('goes there and back for any id, in either case, and keeps the order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uuid(), fc.uuid(), async (a, b) => {
        const { rows } = await admin.query<{ back: string; lower: string; same_order: boolean }>(
          `select private.ulid_to_uuid(private.ulid($1::uuid)) as back,
             private.ulid_to_uuid(lower(private.ulid($1::uuid))) as lower,
             ($1::uuid < $2::uuid) = (private.ulid($1::uuid) collate "C" < private.ulid($2::uuid) collate "C") as same_order`,
          [a, b],
        )
        expect(rows[0]).toEqual({ back: a, lower: a, same_order: true })
      }),
      { numRuns: 100 },
    )
  })

  it.each([
    '',
    'x',
    '01J0B3V1MMEEDTX9CPDGKFHBC',
    '01J0B3V1MMEEDTX9CPDGKFHBCHX',
    '81J0B3V1MMEEDTX9CPDGKFHBCH',
    '01J0B3V1MMEEDTX9CPDGKFHBCU',
    "'; select 1; --",
  ])('is refused quietly when it is none: %j', async (text) => {
    expect(await value('private.ulid_to_uuid($1)', [text])).toBeNull()
  })
})
