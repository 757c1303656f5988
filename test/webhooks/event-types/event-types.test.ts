import { describe, expect, it } from 'vitest'
import { EventTypes, EventTypeVersions } from '../../../lib/webhooks/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { superuser } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'

// Somebody who is signed in and belongs to no tenant yet.
const person = await makePerson()
const get = (path = '') => call(`/webhooks/event-types${path}`, { token: person.token })

describe('the catalogue of event types', () => {
  it('lists each type once, as its newest version has it', async () => {
    const types: EventTypes['event_types'] = []
    let cursor: string | null = null
    do {
      const page = EventTypes.parse(await (await get(cursor ? `?cursor=${cursor}` : '')).json())
      types.push(...page.event_types)
      cursor = page.next_cursor
    } while (cursor)
    const { rows } = await superuser.query<{ type: string }>(
      'select type, max(version) as version from public.webhook_event_types group by type',
    )
    expect(types.map(({ type }) => type).sort()).toEqual(rows.map(({ type }) => type).sort())
    expect(types.find(({ type }) => type === 'webhook.test')).toMatchObject({ is_operational: true })
  })

  it('has schema and example of every version of a type', async () => {
    const type = EventTypeVersions.parse(await (await get('/member.joined')).json())
    expect(type).toMatchObject({ type: 'member.joined', version: 1, is_operational: false })
    const { rows } = await superuser.query(
      `select schema, example from public.webhook_event_types where type = 'member.joined' and version = 1`,
    )
    expect(type.versions).toEqual([expect.objectContaining({ version: 1, ...rows[0] })])
  })

  it('has no type by a name that is none', async () => {
    for (const name of ['nope', 'member', 'member.joined%20', "'", '%F0%9F%92%A5', 'x'.repeat(300)]) {
      expect(await problemOf(await get(`/${name}`))).toMatchObject({ status: 404, code: 'not_found' })
    }
  })
})
