import { expect, it } from 'vitest'
import { admin } from '../kit/db.ts'
import { makeTenant } from '../kit/tenants.ts'

it("a tenant can be changed while somebody else's transaction is adding to it, and the other way round", async () => {
  const { id } = await makeTenant()
  const [adding, changing] = [await admin.connect(), await admin.connect()]
  const add = `insert into public.campaigns (tenant_id, name) values ($1, 'Added')`
  const change = `update public.tenants set name = 'Changed' where id = $1`
  try {
    for (const db of [adding, changing]) await db.query(`set lock_timeout = '2s'`)
    await adding.query('begin')
    await adding.query(add, [id])
    await changing.query('begin')
    expect((await changing.query(change, [id])).rowCount).toBe(1)
    expect((await adding.query(add, [id])).rowCount).toBe(1)
  } finally {
    for (const db of [adding, changing]) {
      await db.query('rollback')
      await db.query('reset lock_timeout')
      db.release()
    }
  }
})
