import { beforeEach, describe, expect, it } from 'vitest'
import { TrainingRows } from '../../../lib/bots/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { fillUp, makeShop, okay, type Shop, teach } from '../bots-scene.ts'

let shop: Shop
let at: string
beforeEach(async () => {
  shop = await makeShop()
  at = `/bots/bots/${shop.bot.ref_id}/training-data`
})

const send = (file: string | Uint8Array<ArrayBuffer>, type = 'text/csv; charset=utf-8') =>
  call(`${at}/import`, {
    method: 'POST',
    token: shop.member.token,
    tenant: shop.tenant.slug,
    headers: { 'content-type': type },
    body: typeof file === 'string' ? new TextEncoder().encode(file) : file,
  })
const fetched = async (query = '?format=csv') =>
  (await call(`${at}${query}`, { token: shop.reviewer.token, tenant: shop.tenant.slug })).text()
const listed = async () => {
  const answer = await call(at, { token: shop.reviewer.token, tenant: shop.tenant.slug })
  return TrainingRows.parse(await okay(answer)).training_data
}
const refused = (pointers: string[]) => ({ status: 422, code: 'invalid_value', pointers })

describe('a file that is imported', () => {
  it('adds its rows, with what a new row has where a cell is empty', async () => {
    const file = [
      'question,answer,category,locale,priority,confidence_score,data_type,is_active',
      '"Guitars, drums?","Yes, ""both"".",product,,,,,',
      'Fungua?,Ndiyo.,,sw,5,0.8,canned_reply,false',
      'hi,Hello!,,*,,,,',
      'Tents?,,,,,,,',
    ].join('\r\n')
    expect(await okay(await send(file))).toEqual({ rows: 4, added: 4, changed: 0 })
    const rows = await listed()
    expect(rows.find(({ question }) => question === 'Guitars, drums?')).toMatchObject({
      ...{ answer: 'Yes, "both".', category: 'product', locale: 'en', priority: 0, confidence_score: 1 },
      ...{ data_type: 'faq', is_active: true },
    })
    expect(rows.find(({ question }) => question === 'Fungua?')).toMatchObject({
      ...{ locale: 'sw', priority: 5, confidence_score: 0.8, data_type: 'canned_reply', is_active: false },
    })
    expect(rows.find(({ question }) => question === 'hi')).toMatchObject({ locale: null })
    expect(rows.find(({ question }) => question === 'Tents?')).toMatchObject({
      answer: null,
      is_active: false,
    })
  })
  it('changes nothing when it is sent again', async () => {
    const file = 'question,answer,locale\nOpen?,Yes.,en\nhi,Hello!,*\n'
    await okay(await send(file))
    const before = await listed()
    expect(await okay(await send(file))).toEqual({ rows: 2, added: 0, changed: 0 })
    expect(await listed()).toEqual(before)
  })
  it('changes the rows that it names, and those with the same question and language', async () => {
    const named = await teach(shop, { question: 'Open?', answer: 'Yes.' })
    await teach(shop, { question: 'Closed?', answer: 'No.' })
    await teach(shop, { question: 'Closed?', answer: 'Hapana.', locale: 'sw' })
    const file = `ref_id,question,answer\n${named.ref_id},Are you open?,Of course.\n,Closed?,Never.\n`
    expect(await okay(await send(file))).toEqual({ rows: 2, added: 0, changed: 2 })
    expect((await listed()).map(({ question, answer }) => [question, answer])).toEqual([
      ['Closed?', 'Hapana.'],
      ['Closed?', 'Never.'],
      ['Are you open?', 'Of course.'],
    ])
  })
  it('may be one that was written here, with what a spreadsheet would run made text', async () => {
    for (const question of ['=1+1', 'a "quoted", one', 'two\nlines', 'é 👋', '+44'])
      await teach(shop, { question, answer: `-${question}`, locale: null, priority: -3 })
    const before = await listed()
    const file = await fetched()
    expect(file).toContain("'=1+1")
    expect(await okay(await send(file))).toEqual({ rows: 5, added: 0, changed: 0 })
    expect(await listed()).toEqual(before)
    await admin.query('delete from public.bot_training_data where tenant_id = $1', [shop.tenant.id])
    const anew = file.replaceAll(/^[0-9A-Z]{26}/gm, '')
    expect(await okay(await send(anew))).toEqual({ rows: 5, added: 5, changed: 0 })
    const shape = (rows: typeof before) =>
      rows.map(({ question, answer, locale, priority }) => [question, answer, locale, priority])
    expect(shape(await listed()).toSorted()).toEqual(shape(before).toSorted())
  })
  it.each([
    ['semicolons', 'question;answer\nOpen?;Yes, we are.\n'],
    ['tabs', 'question\tanswer\nOpen?\tYes, we are.\n'],
    ['a mark of its bytes in front', '\ufeffquestion,answer\nOpen?,"Yes, we are."\n'],
    ['empty lines and spaces', 'question,answer\n\n Open? , "Yes, we are." \n\n'],
  ])('may have %s', async (_what, file) => {
    expect(await okay(await send(file))).toMatchObject({ added: 1 })
    expect(await listed()).toMatchObject([{ question: 'Open?', answer: 'Yes, we are.' }])
  })
  it('may have ten thousand rows', async () => {
    const line = (n: number) => `Do you sell thing ${n}?,Yes.`
    const file = `question,answer\n${Array.from({ length: 10_000 }, (_, n) => line(n)).join('\n')}`
    // What asks to be tried again may have been stored, and then nothing is added the second time.
    let answer = await send(file)
    for (let tries = 1; answer.status === 503 && tries < 5; tries++) answer = await send(file)
    expect(await okay(answer)).toMatchObject({ rows: 10_000, changed: 0 })
    const { rows } = await admin.query<{ count: number }>(
      'select count(*)::int from public.bot_training_data where tenant_id = $1',
      [shop.tenant.id],
    )
    expect(rows).toEqual([{ count: 10_000 }])
    expect(await problemOf(await send(`${file}\none,more`))).toEqual(refused(['']))
  })
})

describe('a file is refused as a whole', () => {
  it.each<[string, string, string[]]>([
    ['without a head', 'Open?,Yes.\n', ['/1']],
    ['without a question', 'answer\nYes.\n', ['/1']],
    ['with a column that is none', 'question,answer,tenant_id\nOpen?,Yes.,x\n', ['/1']],
    ['with a column twice', 'question,answer,answer\nOpen?,Yes.,No.\n', ['/1']],
    ['that is empty', '', ['']],
    ['with a line that is too long', 'question,answer\nOpen?,Yes.,more\n', ['/2']],
    ['with a quote that does not end', 'question,answer\n"Open?,Yes.\n', ['/2']],
    [
      'with wrong cells',
      'question,answer,priority,locale\n,Yes.,x,English\n',
      ['/2/question', '/2/locale', '/2/priority'],
    ],
    ['with the same question twice', 'question,answer\nOpen?,Yes.\nOpen?,No.\n', ['/3/question']],
    [
      'with a row of nobody',
      'ref_id,question,answer\n01JD3N8Q4ZB6T2V9XK5M7R0C1E,Open?,Yes.\n',
      ['/2/ref_id'],
    ],
    ['with text that turns its direction', 'question,answer\nOk?,Yes.\na\u202eb,No.\n', ['/question']],
    ['that says active without an answer', 'question,answer,is_active\nOpen?,,true\n', ['/answer']],
  ])('%s', async (_what, file, pointers) => {
    const { pointers: found, ...answer } = await problemOf(await send(file))
    expect(answer).toEqual({ status: 422, code: 'invalid_value' })
    expect(found.toSorted()).toEqual(pointers.toSorted())
    expect(await listed()).toEqual([])
  })
  it('with bytes that are no text, or of another type', async () => {
    expect(await problemOf(await send(new Uint8Array([0xff, 0xfe, 0x41])))).toEqual(refused(['']))
    expect(await problemOf(await send('question,answer\n', 'application/json'))).toMatchObject({
      status: 415,
    })
  })
  it('with more rows than the plan has room for', async () => {
    await fillUp(shop, 49_999)
    const answer = await send('question,answer\none,x\ntwo,x\n')
    expect(await problemOf(answer)).toMatchObject({ status: 402, code: 'limit_reached' })
  })
  it('with a row of another bot', async () => {
    const other = await makeShop()
    const { ref_id } = await teach(other, { question: 'Open?', answer: 'Yes.' })
    const answer = await send(`ref_id,question,answer\n${ref_id},Open?,Mine.\n`)
    expect(await problemOf(answer)).toEqual(refused(['/2/ref_id']))
  })
})
