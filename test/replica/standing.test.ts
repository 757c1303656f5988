import pg from 'pg'
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest'
import { closeConnections } from '../../lib/db/index.ts'
import { leave, openOnReplica } from '../../lib/db/read-replica.ts'
import { askMark, hasReached, type Mark } from '../../lib/db/standing.ts'
import { admin } from '../kit/db.ts'
import { type Standby, startStandby } from '../kit/servers/standby.ts'

// A quiet primary: the standby has all of its log, so only what the standby is can tell that it must not be asked.

let standby: Standby
let replica: pg.Pool
let mark: Mark
beforeAll(async () => {
  vi.stubEnv('SUPABASE_DB_URL', inject('stack').db_url)
  standby = await startStandby(inject('stack'), 'standing')
  replica = new pg.Pool({ connectionString: standby.url, pipeline: true })
  const { rows } = await admin.query<Omit<Mark, 'at'>>(askMark.text)
  // A place that every standby of this primary has reached.
  mark = { at: 0, ...rows[0]!, lsn: '0/1' }
})
afterAll(async () => {
  await replica?.end()
  await closeConnections()
  vi.unstubAllEnvs()
  await standby?.remove()
})

it('a standby of the primary is asked', async () => {
  const { client, standing } = await openOnReplica(replica, mark)
  expect(hasReached(standing, mark)).toBe(true)
  expect(hasReached(standing, { ...mark, lsn: 'FFFFFFFF/0' })).toBe(false)
  await leave(client)
})

it.each([
  ['another cluster', '1/1'],
  ['another history of the same cluster', undefined],
])('a standby of %s is not', async (_what, history) => {
  const other = history ?? `${mark.history.split('/')[0]}/99`
  await expect(openOnReplica(replica, { ...mark, history: other })).rejects.toThrow('another history')
})

it('one that was promoted is not, although it has reached the mark', async () => {
  await standby.query('select pg_promote()')
  await expect(openOnReplica(replica, mark)).rejects.toThrow('not a standby')
})
