import { expect, it } from 'vitest'
import { superuser } from '../../kit/db.ts'

it('every table is audited, or registered with the reason why not', async () => {
  const { rows } = await superuser.query<{ name: string; unaudited: string | null; is_audited: boolean }>(
    `select c.oid::regclass::text as name, g.unaudited,
       exists (select from pg_trigger as t where t.tgrelid = c.oid and t.tgfoid = 'private.tg_audit'::regproc
         -- After each row that is inserted, updated or deleted, and not switched off.
         and t.tgtype = 29 and t.tgenabled = 'O') as is_audited
     from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     left join private.registered_tables as g on g.relation = c.oid
     where n.nspname in ('public', 'private') and c.relkind in ('r', 'p') and not c.relispartition`,
  )
  expect(rows.filter((row) => row.is_audited).length).toBeGreaterThan(10)
  expect(rows.filter((row) => row.is_audited === Boolean(row.unaudited))).toEqual([])
})

// It would hold the chain's lock while it waits for others, which may be waiting for the chain.
it('nothing but the chain is left to the commit', async () => {
  const { rows } = await superuser.query(
    `select tgname from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
     where t.tginitdeferred and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)`,
  )
  expect(rows).toEqual([{ tgname: 'audit_pending_chain' }])
})
