import { describe, expect, it } from 'vitest'
import { eventually } from '../../../kit/eventually.ts'
import { ada, openScene, text } from './scene.ts'

const scene = openScene()
const adaWrites = (at = new Date()) => scene.platform.write(scene.number, ada, text('Hello'), { at })
const chat = () => scene.platform.chats.find(scene.number, ada.phone)!
const sent = () => chat().messages.filter(({ from }) => from === 'business')

const button = (id: string, title: string) => ({ type: 'reply', reply: { id, title } })
const buttons = (...all: object[]) => ({
  type: 'interactive',
  interactive: { type: 'button', body: { text: 'Which?' }, action: { buttons: all } },
})
const list = (sections: object[]) => ({
  type: 'interactive',
  interactive: { type: 'list', body: { text: 'Which?' }, action: { button: 'Choose', sections } },
})
const rows = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ id: `row ${at}`, title: `Row ${at}` }))

describe('a message', () => {
  it.each<[string, { type: string }]>([
    ['a text', text('Hello')],
    ['a text as long as can be, in characters that take two units', text('😀'.repeat(4096))],
    ['three buttons', buttons(button('a', 'A'), button('b', 'B'), button('c', 'C'))],
    ['a list of ten', list([{ rows: rows(10) }])],
    [
      'a link',
      {
        type: 'interactive',
        interactive: {
          type: 'cta_url',
          body: { text: 'See' },
          action: { name: 'cta_url', parameters: { display_text: 'Open', url: 'https://shop.example/' } },
        },
      } as { type: string },
    ],
    ['a location', { type: 'location', location: { latitude: 46.2, longitude: 6.1 } } as { type: string }],
  ])('%s reaches the phone', async (_what, message) => {
    adaWrites()
    const { status, json } = await scene.send(message)
    expect([status, json]).toEqual([
      200,
      {
        messaging_product: 'whatsapp',
        contacts: [{ input: ada.phone, wa_id: ada.phone }],
        messages: [{ id: expect.stringMatching(/^wamid\.[A-Za-z0-9+/]+=*$/) }],
      },
    ])
    expect(sent()).toMatchObject([{ id: json.messages[0].id, message }])
  })

  it('is sent to a number as people write it, and to the id of a user', async () => {
    adaWrites()
    expect((await scene.send({ ...text('1'), to: '+1 (202) 555-0142' })).json.contacts[0].wa_id).toBe(
      ada.phone,
    )
    const { user_id } = chat()
    const { json } = await scene.send({ ...text('2'), to: undefined, recipient: user_id })
    expect(json.contacts).toEqual([{ input: user_id, user_id }])
    expect(sent().map(({ message }) => message.text)).toEqual([{ body: '1' }, { body: '2' }])
  })

  it('reacts to one of the phone', async () => {
    const { id } = adaWrites()
    const reaction = { message_id: id, emoji: '👍' }
    expect((await scene.send({ type: 'reaction', reaction })).status).toBe(200)
    expect(sent()).toMatchObject([{ message: { reaction } }])
  })

  it.each<[string, object, RegExp]>([
    ['no product', { ...text('x'), messaging_product: undefined }, /messaging_product/],
    ['nobody to send it to', { ...text('x'), to: undefined }, /The parameter to is required/],
    ['a word for a number', { ...text('x'), to: 'Ada' }, /Param to must be a telephone number/],
    ['the id of a user for a number', { ...text('x'), to: 'US.12345678901234567' }, /Param to/],
    ['no id of a user', { ...text('x'), to: undefined, recipient: 'Ada' }, /Param recipient/],
    ['a kind that there is not', { type: 'song' }, /Param type must be one of/],
    ['a kind of every object', { type: 'constructor' }, /Param type must be one of/],
    ['no text', { type: 'text', text: {} }, /The parameter text\['body'\] is required/],
    ['an empty text', text(''), /Param text\['body'\]/],
    [
      'a text that is too long',
      text('x'.repeat(4097)),
      /Param text\['body'\] must be at most 4096 characters long/,
    ],
    ['a text that is a number', { type: 'text', text: { body: 1 } }, /Param text\['body'\] is not valid/],
    ['four buttons', buttons(...['a', 'b', 'c', 'd'].map((id) => button(id, id))), /\['buttons'\]/],
    ['no buttons', buttons(), /\['buttons'\]/],
    ['two buttons alike', buttons(button('a', 'A'), button('a', 'B')), /must have ids that differ/],
    ['two buttons of a name', buttons(button('a', 'A'), button('b', 'A')), /must have titles that differ/],
    ['a long button', buttons(button('a', 'x'.repeat(21))), /must be at most 20 characters long/],
    [
      'eleven rows',
      list([
        { title: 'A', rows: rows(6) },
        { title: 'B', rows: rows(5) },
      ]),
      /at most 10 rows/,
    ],
    [
      'sections without titles',
      list([{ rows: rows(1) }, { rows: rows(2).slice(1) }]),
      /must each have a title/,
    ],
    ['rows alike', list([{ rows: [...rows(1), ...rows(1)] }]), /must have ids that differ/],
    ['a place that is nowhere', { type: 'location', location: { latitude: 91, longitude: 0 } }, /latitude/],
    [
      'a file that there is not',
      { type: 'image', image: { id: '12345' } },
      /image\['id'\] is not a valid media id/,
    ],
    [
      'a file of somebody else',
      { type: 'image', image: { link: 'https://x.example/a.png' } },
      /image\['id'\]/,
    ],
    [
      'a reference that is too long',
      { ...text('x'), biz_opaque_callback_data: 'x'.repeat(513) },
      /biz_opaque/,
    ],
  ])('with %s is refused with 100, and nothing is sent', async (_what, message, sentence) => {
    adaWrites()
    const { status, json } = await scene.send(message)
    expect([status, json.error]).toEqual([
      400,
      {
        message: expect.stringMatching(/^\(#100\) /),
        type: 'OAuthException',
        code: 100,
        error_data: { messaging_product: 'whatsapp', details: expect.stringMatching(sentence) },
        fbtrace_id: expect.stringMatching(/^A[\w-]{22}$/),
      },
    ])
    expect(sent()).toEqual([])
  })

  it('that is no JSON is refused', async () => {
    const { status, json } = await scene.graph(`${scene.number.phone_number_id}/messages`, {
      method: 'POST',
      body: '{"messaging',
    })
    expect([status, json.error.code]).toEqual([400, 100])
  })

  it('to the id of a user whom nobody knows is undeliverable', async () => {
    const { json } = await scene.send({ ...text('x'), to: undefined, recipient: 'US.1' })
    expect(json.error.code).toBe(131_026)
  })
})

describe('the window of 24 hours', () => {
  const aDayAgo = () => new Date(Date.now() - 24 * 3_600_000)

  it('is closed for whoever has not written, and for whoever has not since yesterday', async () => {
    expect((await scene.send(text('Hello'))).status).toBe(200)
    adaWrites(aDayAgo())
    expect((await scene.send(text('Hello'))).status).toBe(200)
    const failed = () => scene.callback.statuses().filter(({ status }) => status === 'failed')
    await eventually(() => expect(failed()).toHaveLength(2))
    expect(failed()[0].errors).toMatchObject([{ code: 131_047, title: 'Re-engagement message' }])
    expect(sent().map(({ status }) => status)).toEqual(['failed', 'failed'])
  })
  it('is refused at once where that is wanted', async () => {
    scene.number.misbehaviour = { refuse_closed_window: true }
    const { status, json } = await scene.send(text('Hello'))
    expect([status, json.error.code]).toEqual([400, 131_047])
  })
  it('is open again when the phone writes', async () => {
    scene.number.misbehaviour = { refuse_closed_window: true }
    adaWrites(aDayAgo())
    expect((await scene.send(text('Hello'))).json.error.code).toBe(131_047)
    adaWrites()
    expect((await scene.send(text('Hello'))).status).toBe(200)
  })
  it('is not needed by a template', async () => {
    const template = { name: 'hello_world', language: { code: 'en_US' } }
    const { json } = await scene.send({ type: 'template', template })
    expect(json.messages).toMatchObject([{ message_status: 'accepted' }])
    await eventually(() => expect(sent()).toMatchObject([{ status: 'delivered' }]))
  })
})

describe('a template', () => {
  const note = { name: 'note', language: 'de', category: 'MARKETING' }
  const make = (text: string, change = {}) =>
    scene.graph(`${scene.number.waba_id}/message_templates`, {
      method: 'POST',
      body: { ...note, components: [{ type: 'BODY', text }], ...change },
    })
  const sendNote = (parameters: object[], template = {}) =>
    scene.send({
      type: 'template',
      template: {
        name: 'note',
        language: { code: 'de' },
        components: [{ type: 'body', parameters }],
        ...template,
      },
    })
  const value = (text: string) => ({ type: 'text', text })

  it('is made, listed, and sent with its values', async () => {
    expect((await make('Hallo {{1}}, um {{2}}')).json).toEqual({
      id: expect.stringMatching(/^\d+$/),
      status: 'APPROVED',
      category: 'MARKETING',
    })
    const { json } = await scene.graph(`${scene.number.waba_id}/message_templates?name=note`)
    expect(json.data).toMatchObject([{ name: 'note', language: 'de', status: 'APPROVED' }])
    expect((await sendNote([value('Ada'), value('9')])).status).toBe(200)
    expect(sent()[0]!.template_text).toBe('Hallo Ada, um 9')
    const priced = () => scene.callback.statuses().find(({ status }) => status === 'sent')?.pricing
    await eventually(() => expect(priced()).toMatchObject({ billable: true, category: 'marketing' }))
  })
  it('has values by name', async () => {
    await make('Hallo {{name}}')
    await sendNote([{ ...value('Ada'), parameter_name: 'name' }])
    expect(sent()[0]!.template_text).toBe('Hallo Ada')
  })
  it.each<[string, () => Promise<{ json: { error: { code: number } } }>, number]>([
    ['with too few values', () => sendNote([]), 132_000],
    ['with too many', () => sendNote([value('1'), value('2')]), 132_000],
    ['in another language', () => sendNote([value('1')], { language: { code: 'fr' } }), 132_001],
    ['that there is not', () => sendNote([value('1')], { name: 'other' }), 132_001],
    ['that is there already', () => make('{{1}}'), 100],
    ['of no category', () => make('{{1}}', { category: 'SPAM' }), 100],
  ])('%s is refused', async (_what, run, code) => {
    await make('Hallo {{1}}')
    expect((await run()).json.error.code).toBe(code)
  })
})

describe('what was read', () => {
  const mark = (message_id: string, more = {}) =>
    scene.send({ status: 'read', message_id, to: undefined, ...more })

  it('is marked up to a message, and typing is shown until an answer', async () => {
    const [first, second, third] = [adaWrites(), adaWrites(), adaWrites()]
    const { json } = await mark(second.id, { typing_indicator: { type: 'text' } })
    expect(json).toEqual({ success: true })
    expect([first, second].map(({ status }) => status)).toEqual(['read', 'read'])
    expect(third.status).not.toBe('read')
    expect(Date.parse(chat().typing_until!)).toBeGreaterThan(Date.now())
    await scene.send(text('Hello'))
    expect(chat().typing_until).toBeNull()
  })
  it.each(['wamid.nothing', ''])('is not marked by an id that there is not: "%s"', async (id) => {
    adaWrites()
    expect((await mark(id)).json.error.code).toBe(100)
  })
  it('of another number is not marked', async () => {
    const other = await scene.makeNumber()
    const { id } = scene.platform.write(other, ada, text('Hello'))
    expect((await mark(id)).json.error.code).toBe(100)
  })
})

describe('limits', () => {
  it('a contact gets so many in a row, and one each six seconds after that', async () => {
    scene.number.limits.pair_burst = 2
    adaWrites()
    const codes = []
    for (let time = 0; time < 3; time++) codes.push((await scene.send(text('x'))).json.error?.code)
    expect(codes).toEqual([undefined, undefined, 131_056])
    expect((await scene.send({ ...text('x'), to: '12025550143' })).status).toBe(200)
  })
  it('a number sends so many a second', async () => {
    scene.number.limits.per_second = 1
    const numbers = ['12025550144', '12025550145', '12025550146', '12025550147']
    const answers = await Promise.all(numbers.map((to) => scene.send({ ...text('x'), to })))
    expect(answers.map(({ json }) => json.error?.code)).toContain(130_429)
  })
})
