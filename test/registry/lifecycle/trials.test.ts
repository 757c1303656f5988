import { expect, it } from 'vitest'
import { makePerson } from '../../kit/people.ts'
import { asDatabase, asOwner, refusal } from '../../kit/rules/limits.ts'
import { freshSlug, makeTenant } from '../../kit/tenants.ts'

// How many trials one person may create is in limits.rules.ts.
it('ten tenants with a plan stand in nobody’s way', async () => {
  const owner = await makePerson()
  await asOwner({ owner, tenant: await makeTenant({ owner }) }, async (db) => {
    for (let n = 0; n < 12; n++) {
      expect(await refusal(db, `select public.create_tenant($1, 'Another')`, [freshSlug()])).toBeUndefined()
      await asDatabase(
        db,
        `update public.tenants set status = 'active', plan = 'starter' where created_by = $1`,
        [owner.id],
      )
    }
  })
})
