import { beforeEach, describe, expect, it } from 'vitest'
import {
  MarkedNotifications,
  Notification,
  Notifications,
  UnreadCount,
} from '../../lib/notifications/index.ts'
import { call, problemOf } from '../kit/call.ts'
import { admin, asUser } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'

let owner: Person
let reviewer: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  reviewer = await makePerson()
  tenant = await makeTenant({ owner, reviewer })
})

const tell = async (who: Person, percent = 80) => {
  await admin.query(`select private.notify($1, 'limit.near', array[$2], $3, 'limit', 'members')`, [
    tenant.id,
    who.id,
    { limit: 'members', percent, most: 10 },
  ])
}
const ask = (
  by: Person,
  path = '',
  options: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
) => call(`/notifications${path}`, { token: by.token, tenant: tenant.slug, ...options })
const list = async (by: Person, query = '') =>
  Notifications.parse(await (await ask(by, query)).json()).notifications
const unread = async (by: Person) => UnreadCount.parse(await (await ask(by, '/unread-count')).json())
const mark = (by: Person, { ref_id }: Pick<Notification, 'ref_id'>, body: unknown) =>
  ask(by, `/${ref_id}`, { method: 'PATCH', body })
const percents = (rows: Notification[]) => rows.map(({ data }) => data.percent)

it('everybody lists what they are told, the newest first, and nobody else’s', async () => {
  await tell(owner, 80)
  await tell(reviewer, 81)
  await tell(owner, 82)
  const rows = await list(owner)
  expect(percents(rows)).toEqual([82, 80])
  expect(rows[0]).toMatchObject({
    type: 'limit.near',
    category: 'plan',
    is_critical: false,
    message: '82 % of "members" are used. Your plan allows 10.',
    subject_type: 'limit',
    subject_ref: 'members',
    read_at: null,
  })
  expect(percents(await list(reviewer))).toEqual([81])
})

it('what is read stays in the list, and is counted and listed as unread no more', async () => {
  for (const percent of [80, 81]) await tell(owner, percent)
  const [newest] = await list(owner)
  const read = Notification.parse(await (await mark(owner, newest!, { is_read: true })).json())
  expect(read.read_at).not.toBeNull()
  expect(percents(await list(owner))).toEqual([81, 80])
  expect(percents(await list(owner, '?status=unread'))).toEqual([80])
  expect(await unread(owner)).toEqual({ unread: 1, has_more: false })
  // A second time keeps the moment; the mark can be taken off again.
  expect(await (await mark(owner, newest!, { is_read: true })).json()).toEqual(read)
  expect(await (await mark(owner, newest!, { is_read: false })).json()).toMatchObject({ read_at: null })
})

it('what is archived is in no list, and can be brought back', async () => {
  await tell(owner)
  const [one] = await list(owner)
  await mark(owner, one!, { is_archived: true })
  expect(await list(owner)).toEqual([])
  expect(await unread(owner)).toEqual({ unread: 0, has_more: false })
  await mark(owner, one!, { is_archived: false })
  expect(await list(owner)).toHaveLength(1)
})

it('reading all leaves unread what arrived after the page was shown', async () => {
  for (const percent of [80, 81]) await tell(owner, percent)
  await tell(reviewer)
  const [shown] = await list(owner)
  await tell(owner, 82)
  const answer = await ask(owner, '/read-all', { body: { until: shown!.ref_id } })
  expect(MarkedNotifications.parse(await answer.json())).toEqual({ marked: 2 })
  expect(percents(await list(owner, '?status=unread'))).toEqual([82])
  expect(await unread(reviewer)).toEqual({ unread: 1, has_more: false })
})

it('the count has an ETag, and says "more" above a hundred', async () => {
  await admin.query(
    `select count(private.notify($1, 'limit.near', array[$2], '{"limit": "x", "percent": 80, "most": 10}')) from generate_series(1, 100)`,
    [tenant.id, owner.id],
  )
  const first = await ask(owner, '/unread-count')
  expect(await first.json()).toEqual({ unread: 100, has_more: false })
  const etag = first.headers.get('etag')!
  const again = await ask(owner, '/unread-count', { headers: { 'if-none-match': etag } })
  expect([again.status, await again.text()]).toEqual([304, ''])
  await tell(owner)
  const more = await ask(owner, '/unread-count', { headers: { 'if-none-match': etag } })
  expect(await more.json()).toEqual({ unread: 100, has_more: true })
})

describe('what is refused', () => {
  it.each<[unknown, number]>([
    [{}, 422],
    [{ is_read: 'yes' }, 422],
    [{ is_read: null }, 422],
    [{ message: 'Mine' }, 422],
    [[], 422],
  ])('the mark %j', async (body, status) => {
    await tell(owner)
    const [one] = await list(owner)
    expect((await mark(owner, one!, body)).status).toBe(status)
    expect((await list(owner))[0]).toEqual(one)
  })

  it('to mark somebody else’s, by an owner as well', async () => {
    await tell(reviewer)
    const [theirs] = await list(reviewer)
    expect(await problemOf(await mark(owner, theirs!, { is_read: true }))).toMatchObject({
      status: 404,
      code: 'not_found',
    })
    expect(await unread(reviewer)).toEqual({ unread: 1, has_more: false })
  })

  it.each([{}, { until: null }, { until: 'x' }, { until: '01JD3N8Q4ZB6T2V9XK5M7R0C1E', all: true }])(
    'to read all by %j',
    async (body) => {
      expect((await ask(owner, '/read-all', { body })).status).toBe(422)
    },
  )

  it.each(['?status=read', '?status=', '?limit=0', '?cursor=x'])('the list %s', async (query) => {
    expect((await ask(owner, query)).status).toBe(422)
  })

  it('over REST, marking nothing or more than a hundred at once', async () => {
    for (const refs of [[], Array(101).fill('01JD3N8Q4ZB6T2V9XK5M7R0C1E')]) {
      const marking = asUser(owner.id, (db) =>
        db.query('select public.mark_notifications($1, $2, true)', [tenant.id, refs]),
      )
      await expect(marking).rejects.toThrow(/invalid_value/)
    }
  })
})

it('lists all and the unread in turn, on the same connections', async () => {
  await tell(owner)
  for (let n = 0; n < 5; n++)
    expect([(await list(owner)).length, (await list(owner, '?status=unread')).length]).toEqual([1, 1])
})
