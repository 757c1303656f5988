import { expect, it } from 'vitest'
import { superuser } from '../support/db.ts'

/** Tables of tenants whose changes leave no row in the audit log, and why. */
const unaudited: Record<string, string> = {
  audit_log: 'the log itself; only ever added to',
  usage_events: 'append-only, and a record of its own; auditing each would double the cost of metering',
  usage_event_keys: 'remembers what usage_events holds already',
  webhook_events: 'append-only, and tells of changes that have their own rows in the log',
  webhook_deliveries: 'changed by the queue alone; what came of each is in webhook_attempts',
  webhook_attempts: 'append-only, and a record of its own',
}

it('every table of tenants in public is audited, or listed with a reason', async () => {
  const { rows } = await superuser.query<{ name: string }>(
    `select c.relname as name from pg_class as c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
       and (c.oid = 'public.tenants'::regclass
         or exists (select from pg_attribute as a where a.attrelid = c.oid and a.attname = 'tenant_id'))
       and not exists (select from pg_trigger as t where t.tgrelid = c.oid and t.tgfoid = 'private.tg_audit'::regproc
         -- After each row that is inserted, updated or deleted, and not switched off.
         and t.tgtype = 29 and t.tgenabled = 'O')`,
  )
  expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(unaudited).sort())
})

// It would hold the chain's lock while it waits for others, which may be waiting for the chain.
it('nothing but the chain is left to the commit', async () => {
  const { rows } = await superuser.query(
    `select tgname from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
     where t.tginitdeferred and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)`,
  )
  expect(rows).toEqual([{ tgname: 'audit_pending_chain' }])
})
