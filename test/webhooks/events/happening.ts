import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ulidOf } from '../../../lib/db/index.ts'
import { admin, type Queryable, rolledBack } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { readCatalogue, schemaValidators, toldTo } from './told.ts'

/** What a case works with: a tenant, two of its members, and ids of its own to give to rows. */
export interface World {
  tenant: Tenant
  other: Tenant
  owner: Person
  member: Person
  newcomer: Person
  id: string
  ref: string
  host: string
}

export interface Case {
  /** What there is before, of which nothing is told by then. */
  given?: (w: World) => string
  /** What happens. */
  when: (w: World) => string
  /** What is told: types with their data, the ordering key they share, and the types that the other tenant is told. */
  told: (w: World) => { types: Record<string, object>; key: string; elsewhere?: string[] }
}

export const tenantNow = (w: World, slug = w.tenant.slug) => ({ ref_id: w.tenant.ref_id, slug })

async function makeWorld(): Promise<World> {
  const [owner, member, newcomer] = [await makePerson(), await makePerson(), await makePerson()]
  const tenant = await makeTenant({ owner, member })
  const { rows } = await admin.query<{ id: string }>('select private.uuid_v7() as id')
  const id = rows[0]!.id
  const host = `d-${randomBytes(6).toString('hex')}.test`
  return { tenant, other: await makeTenant(), owner, member, newcomer, id, ref: ulidOf(id), host }
}

/**
 * Tests what is told, and of what nothing is told. The prefixes are those of the types that this is
 * about: each of them in the catalogue must be in a case.
 */
export function describeEvents(
  prefixes: string[],
  cases: Record<string, Case>,
  quiet: Record<string, Pick<Case, 'given' | 'when'>>,
  /** The types that the tests of another domain show. */
  elsewhere: string[] = [],
): void {
  describe('webhooks are told once, in the transaction that does it, of', () => {
    it.each(Object.entries(cases))('%s', (_name, one) => expectTold(one))
  })

  describe('webhooks are told nothing of', () => {
    it.each(Object.entries(quiet))('%s', async (_name, { given, when }) => {
      const w = await makeWorld()
      await rolledBack(admin, async (db) => {
        if (given) await db.query(given(w))
        const before = await toldTo(db, w.tenant.id)
        await db.query(when(w))
        expect(await toldTo(db, w.tenant.id)).toEqual(before)
      })
    })
  })

  it('every type of theirs in the catalogue is told above', async () => {
    const w = await makeWorld()
    const told = new Set(Object.values(cases).flatMap((one) => Object.keys(one.told(w).types)))
    const types = (await readCatalogue()).map(({ type }) => type)
    expect([...told].sort()).toEqual(
      types.filter((type) => prefixes.includes(type.split('.')[0]!) && !elsewhere.includes(type)),
    )
  })
}

async function expectTold({ given, when, told }: Case): Promise<void> {
  const validators = await schemaValidators()
  const w = await makeWorld()
  await rolledBack(admin, async (db) => {
    if (given) await db.query(given(w))
    const before = new Set((await toldTo(db, w.tenant.id)).map(({ id }) => id))
    const newly = async (queryable: Queryable) =>
      (await toldTo(queryable, w.tenant.id)).filter(({ id }) => !before.has(id))
    const others = (await toldTo(db, w.other.id)).length

    await db.query('savepoint happening')
    await db.query(when(w))
    const { types, key, elsewhere } = told(w)
    const events = await newly(db)
    expect(events.map(({ type }) => type)).toEqual(Object.keys(types))
    for (const { type, data, ordering_key } of events) {
      expect(data).toEqual(types[type])
      expect(ordering_key).toEqual(key)
      const validate = validators.get(type)!
      expect(validate(data), JSON.stringify(validate.errors)).toBe(true)
      expect(JSON.stringify(data)).not.toMatch(/hidden@example|abcd1234|token/)
    }
    const { rowCount } = await db.query(
      'select from private.webhook_outbox where tenant_id = $1 and event_id = any ($2)',
      [w.tenant.id, events.map(({ id }) => id)],
    )
    expect(rowCount, 'each waits to be expanded').toBe(events.length)
    const ofOthers = (await toldTo(db, w.other.id)).slice(others)
    expect(
      ofOthers.map(({ type }) => type),
      'of the other tenant',
    ).toEqual(elsewhere ?? [])
    expect(await newly(admin), 'seen before the commit').toEqual([])
    await db.query('rollback to savepoint happening')
    expect(await newly(db), 'left after a rollback').toEqual([])
  })
}
