import { describe, expect, it } from 'vitest'
import { Misbehaviour } from '../../../../stack/providers/graph/misbehaviour.ts'
import { eventually } from '../../../kit/eventually.ts'
import { ada, bob, openScene, text } from './scene.ts'

const scene = openScene()
const write = (body = 'Hello', contact = ada) => scene.platform.write(scene.number, contact, text(body))
const misbehave = (misbehaviour: Misbehaviour) => {
  scene.number.misbehaviour = Misbehaviour.parse(misbehaviour)
}
const bodies = () => scene.callback.messages().map((message) => message.text.body)
const arrived = () =>
  scene.platform.chats
    .find(scene.number, ada.phone)!
    .messages.flatMap(({ from, message }) => (from === 'business' ? [message.text] : []))

describe('sends', () => {
  it.each([0, 4, 100, 190, 80_007, 130_429, 131_026, 131_047, 131_048, 131_049, 131_056, 133_016])(
    'are refused with %s as often as wanted, and work after that',
    async (code) => {
      write()
      misbehave({ refuse: { code, times: 2 } })
      const codes = []
      for (let time = 0; time < 3; time++) codes.push((await scene.send(text('x'))).json.error?.code)
      expect(codes).toEqual([code, code, undefined])
      expect(arrived()).toHaveLength(1)
    },
  )
  it('are accepted, and fail afterwards', async () => {
    write()
    misbehave({ fail: { code: 131_026, times: 1 } })
    const { json } = await scene.send(text('1'))
    const { id } = json.messages[0]
    const told = () => scene.callback.statuses().filter((status) => status.id === id)
    await eventually(() => expect(told()).toMatchObject([{ status: 'failed', errors: [{ code: 131_026 }] }]))
    expect(told()[0]).not.toHaveProperty('pricing')
    const second = (await scene.send(text('2'))).json.messages[0].id
    await eventually(() =>
      expect(scene.callback.statuses()).toContainEqual(
        expect.objectContaining({ id: second, status: 'delivered' }),
      ),
    )
  })
  it('reach the phone and lose their answer', async () => {
    write()
    misbehave({ lost_answers: 1 })
    await expect(scene.send(text('1'))).rejects.toThrow('fetch failed')
    expect((await scene.send(text('2'))).status).toBe(200)
    expect(arrived()).toEqual([{ body: '1' }, { body: '2' }])
    await eventually(() =>
      expect(scene.callback.statuses().filter(({ status }) => status === 'delivered')).toHaveLength(2),
    )
  })
  it('reach the phone and are never answered', async () => {
    write()
    misbehave({ silent_answers: 1 })
    const asked = fetch(`${scene.server.url}/v24.0/${scene.number.phone_number_id}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${scene.number.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ messaging_product: 'whatsapp', to: ada.phone, ...text('1') }),
      signal: AbortSignal.timeout(500),
    })
    await expect(asked).rejects.toThrow('aborted due to timeout')
    expect(arrived()).toEqual([{ body: '1' }])
  })
  it('and every other request end with 500, and nothing is done', async () => {
    write()
    misbehave({ server_errors: 2 })
    const answers = [await scene.send(text('1')), await scene.graph(scene.number.phone_number_id)]
    expect(answers.map(({ status, json }) => [status, json.error.code])).toEqual([
      [500, 1],
      [500, 1],
    ])
    expect((await scene.send(text('2'))).status).toBe(200)
    expect(arrived()).toEqual([{ body: '2' }])
  })
})

describe('webhooks', () => {
  it('are posted several times, each with the same bytes', async () => {
    misbehave({ duplicates: 2 })
    const { id } = write()
    await eventually(() =>
      expect(scene.callback.messages().map((message) => message.id)).toEqual([id, id, id]),
    )
    expect(new Set(scene.callback.posted.map(({ signature }) => signature)).size).toBe(1)
  })
  it('are posted in the order that is not theirs', async () => {
    misbehave({ reorder: 3 })
    for (const body of ['1', '2', '3', '4']) write(body)
    await eventually(() => expect(bodies()).toEqual(['3', '2', '1', '4']))
  })
  it('are posted together: several contacts, messages and statuses in one', async () => {
    write()
    await eventually(() => expect(bodies()).toEqual(['Hello']))
    misbehave({ batch: 5 })
    write('1')
    write('2')
    write('3', bob)
    await scene.send(text('Hi'))
    await eventually(() => expect(scene.callback.posted).toHaveLength(2))
    const { changes } = scene.callback.posted[1]!.json.entry[0]
    expect(changes).toMatchObject([
      { value: { contacts: [{ wa_id: ada.phone }, { wa_id: bob.phone }], messages: [{}, {}, {}] } },
      {
        value: { contacts: [{ wa_id: ada.phone }], statuses: [{ status: 'sent' }, { status: 'delivered' }] },
      },
    ])
    expect(bodies()).toEqual(['Hello', '1', '2', '3'])
  })
  it('of a group that does not fill are posted a little later', async () => {
    misbehave({ batch: 100 })
    const first = write('1')
    const second = write('2')
    await eventually(() => expect(bodies()).toEqual(['1', '2']))
    await eventually(() => expect([first.status, second.status]).toEqual(['delivered', 'delivered']))
    expect(scene.callback.posted).toHaveLength(1)
  })
  it('are late', async () => {
    misbehave({ delay_ms: 400 })
    write('late')
    misbehave({})
    write('now')
    await eventually(() => expect(bodies()).toEqual(['now', 'late']))
  })
  it('have no number of anybody', async () => {
    misbehave({ hide_numbers: true })
    write()
    await eventually(() => expect(scene.callback.messages()).toHaveLength(1))
    expect(scene.callback.messages()[0]).not.toHaveProperty('from')
    expect(scene.callback.messages()[0].from_user_id).toMatch(/^US\./)
  })
})

describe('statuses', () => {
  const told = () => scene.callback.statuses().map(({ status }) => status)
  it('come late', async () => {
    write('Hello', { ...ada, reads_at_once: true })
    misbehave({ status_delay_ms: 2_000 })
    const first = (await scene.send(text('1'))).json.messages[0].id
    const { messages } = scene.platform.chats.find(scene.number, ada.phone)!
    await eventually(() => expect(messages.at(-1)).toMatchObject({ id: first, status: 'read' }))
    misbehave({})
    const second = (await scene.send(text('2'))).json.messages[0].id
    const ids = () => [...new Set(scene.callback.statuses().map(({ id }) => id))]
    await eventually(() => expect(ids()).toHaveLength(2))
    expect(ids()).toEqual([second, first])
  })
  it('come in the reverse order', async () => {
    write('Hello', { ...ada, reads_at_once: true })
    misbehave({ statuses: 'reversed' })
    await scene.send(text('1'))
    await eventually(() => expect(told()).toHaveLength(3))
    expect(told()).toEqual(['read', 'delivered', 'sent'])
  })
  it('do not come', async () => {
    write()
    misbehave({ statuses: 'none' })
    await scene.send(text('1'))
    const [message] = scene.platform.chats.find(scene.number, ada.phone)!.messages.slice(-1)
    await eventually(() => expect(message!.status).toBe('delivered'))
    misbehave({})
    await scene.send(text('2'))
    await eventually(() => expect(told()).toHaveLength(2))
    expect(scene.callback.statuses().map(({ id }) => id)).not.toContain(message!.id)
  })
})

it.each([
  { refuse: { code: 42, times: 1 } },
  { refuse: { code: 131_047 } },
  { duplicates: -1 },
  { duplicates: 1.5 },
  { batch: 1 },
  { statuses: 'sideways' },
  { anything: true },
])('%j is no misbehaviour', (misbehaviour) => {
  expect(Misbehaviour.safeParse(misbehaviour).success).toBe(false)
})
