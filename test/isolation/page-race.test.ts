import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { admin } from '../kit/db.ts'
import { makeTenant } from '../kit/tenants.ts'

// What anonymous visitors see is rendered by triggers. Two changes at once must not leave behind a page that
// neither of them meant: above all not a public one of a tenant that was archived.

/** Runs two statements in transactions that overlap; the second goes as far as it gets before the first commits. */
async function overlap(tenant: string, first: string, second: string): Promise<void> {
  const [one, two] = [await admin.connect(), await admin.connect()]
  try {
    await one.query('begin')
    await two.query('begin')
    await one.query(first, [tenant])
    const waiting = two.query(second, [tenant])
    await Promise.race([waiting, sleep(300)])
    await one.query('commit')
    await waiting
    await two.query('commit')
  } finally {
    one.release()
    two.release()
  }
}

async function pageOf(tenant: string): Promise<{ stored: unknown; meant: unknown }> {
  const { rows } = await admin.query(
    `select (select config::jsonb from private.tenant_pages where tenant_id = $1) as stored,
       private.render_tenant_page($1) as meant`,
    [tenant],
  )
  return rows[0]
}

describe('two changes at once', () => {
  const locale = `update public.tenants set locale = 'de' where id = $1`
  const archive = `update public.tenants set status = 'archived' where id = $1`
  const brand = `update public.tenant_brands set display_name = 'Renamed' where tenant_id = $1`

  for (const [first, second] of [
    [locale, brand],
    [brand, locale],
  ] as const) {
    it(`both show on the page: ${first.split(' ')[1]} before ${second.split(' ')[1]}`, async () => {
      const { id } = await makeTenant()
      await overlap(id, first, second)
      const { stored, meant } = await pageOf(id)
      expect(stored).toEqual(meant)
      expect(stored).toMatchObject({ locale: 'de', display_name: 'Renamed' })
    })
  }

  for (const [first, second] of [
    [archive, brand],
    [brand, archive],
  ] as const) {
    it(`an archived tenant has no page: ${first.split(' ')[1]} before ${second.split(' ')[1]}`, async () => {
      const { id } = await makeTenant()
      await overlap(id, first, second)
      expect(await pageOf(id)).toEqual({ stored: null, meant: null })
    })
  }
})
