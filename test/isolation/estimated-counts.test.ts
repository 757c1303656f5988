import { describe, expect, inject, it } from 'vitest'
import { admin, asAnon, asService, asUser } from '../kit/db.ts'
import { makePerson } from '../kit/people.ts'

const stack = inject('stack')

const nobody = '00000000-0000-4000-8000-000000000000'

async function preRequest(db: { query: typeof admin.query }, prefer: string): Promise<void> {
  await db.query(`select set_config('request.headers', $1, true)`, [JSON.stringify({ prefer })])
  await db.query('select public.refuse_estimated_counts()')
}

describe('a count estimated by the planner, which sees every tenant', () => {
  it.each([
    ...[
      'count=planned',
      'count=estimated',
      'return=minimal, count=Planned',
      'count = planned',
      'count= estimated',
    ],
    ...[
      'count =\tplanned',
      'return=minimal,count\u00a0=\u00a0estimated',
      'count="planned"',
      'count=exact, count = planned',
    ],
  ])('is refused to people: %j', async (prefer) => {
    const refused = { code: 'PT400', message: 'count_not_offered' }
    await expect(asUser(nobody, (db) => preRequest(db, prefer))).rejects.toMatchObject(refused)
    await expect(asAnon((db) => preRequest(db, prefer))).rejects.toMatchObject(refused)
    await expect(asService((db) => preRequest(db, prefer))).resolves.toBeUndefined()
  })

  it.each(['count=exact', 'count = exact', 'return=representation', 'timezone=Count/Planned', ''])(
    'other preferences pass: %j',
    async (prefer) => {
      await expect(asUser(nobody, (db) => preRequest(db, prefer))).resolves.toBeUndefined()
    },
  )

  it.each(['count=planned', 'count = planned', ' count\t=  estimated '])(
    'is refused over REST: %j',
    async (prefer) => {
      const person = await makePerson()
      const response = await fetch(`${stack.api_url}/rest/v1/tenants?select=id&limit=1`, {
        headers: { apikey: stack.publishable_key, authorization: `Bearer ${person.token}`, prefer },
      })
      expect([response.status, await response.json()]).toEqual([
        400,
        expect.objectContaining({ message: 'count_not_offered' }),
      ])
    },
  )

  it('is asked about before every request of PostgREST', async () => {
    const { rows } = await admin.query<{ settings: string[] }>(
      `select rolconfig as settings from pg_roles where rolname = 'authenticator'`,
    )
    expect(rows[0]!.settings).toContain('pgrst.db_pre_request=public.refuse_estimated_counts')
  })
})
