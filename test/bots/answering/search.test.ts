import { beforeAll, describe, expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { makeShop, okay, type Shop, teach, tried } from '../bots-scene.ts'

let shop: Shop
beforeAll(async () => {
  shop = await makeShop()
  for (const [question, answer, more] of rows) await teach(shop, { question, answer, ...more })
})

const rows: [string, string, object?][] = [
  ['Do you sell guitars?', 'Classical and electric ones.'],
  ['What are your opening hours?', 'From nine to five.'],
  ['Where is your shop?', 'On Moi Avenue.'],
  ['Wo ist euer Geschäft?', 'In der Moi Avenue.', { locale: 'de' }],
  ['Où est votre café ?', 'Au premier étage.', { locale: 'fr' }],
  ['hi', 'Hello!', { locale: null }],
  ['Can I pay by card?', 'Yes, by any card.', { priority: 5 }],
  ['Can I pay by cheque?', 'No.'],
  ['Do you take payment cards', 'We do.', { confidence_score: 0.6 }],
  ['Is it far?', 'Not really.', { is_active: false }],
  ['I am lost', 'Where do you stand?', { data_type: 'example' }],
]

const best = async (text: string, locale?: string) => (await tried(shop, text, locale)).text

describe('an answer is found', () => {
  it.each([
    ['what guitars do you sell', 'Classical and electric ones.'],
    ['Do you sell a guitar?', 'Classical and electric ones.'],
    ['SELLING GUITARS???', 'Classical and electric ones.'],
    ['when are you opened, which hours', 'From nine to five.'],
    ['Whats your openning hour', 'From nine to five.'],
    ['hi', 'Hello!'],
    ['Hi!!! 👋', 'Hello!'],
    ['can I pay by card', 'Yes, by any card.'],
    ['Hello, do you sell guitars please?', 'Classical and electric ones.'],
    ['do you sell gitars', 'Classical and electric ones.'],
  ])('for %j', async (text, answer) => {
    expect(await best(text)).toBe(answer)
  })
  it.each([
    ['wo ist euer geschaft', 'de', 'In der Moi Avenue.'],
    ['Geschäfte wo?', 'de', 'In der Moi Avenue.'],
    ['ou est votre cafe', 'fr', 'Au premier étage.'],
    ['hi', 'fr', 'Hello!'],
  ])('for %j in %s', async (text, locale, answer) => {
    expect(await best(text, locale)).toBe(answer)
  })
})

describe('no answer is given', () => {
  it.each([
    ['in another language', 'Where is your shop?', 'fr'],
    ['that is not active', 'Is it far?', 'en'],
    ['that is an example', 'I am lost', 'en'],
    ['that shares one word of many', 'my guitar fell and broke, can somebody repair it today', 'en'],
    ['to a question that has one word more and one less', 'Can I pay by instalments?', 'en'],
    ['to signs without words', '?!? 🤷', 'en'],
    ['to what nobody taught', 'Do you hire out tents for weddings?', 'en'],
  ])('%s', async (_what, text, locale) => {
    expect(await tried(shop, text, locale)).toMatchObject({ outcome: 'escalated', text: null })
  })
})

it('the answer says which row led to it, and how well others fit', async () => {
  const answer = await tried(shop, 'Can I pay by card?')
  expect(answer).toMatchObject({ outcome: 'answered', reason: 'training_data', prompt: null, call: null })
  expect(answer.training_data[0]).toMatchObject({ question: 'Can I pay by card?', score: 1 })
  expect(answer.training_data.map(({ score }) => score)).toEqual(
    answer.training_data.map(({ score }) => score).toSorted((one, other) => other - one),
  )
})

it('of two that fit as well, the one with the higher priority is given', async () => {
  const own = await makeShop()
  await teach(own, { question: 'Do you repair?', answer: 'No.' })
  const { ref_id } = await teach(own, { question: 'Do you repair', answer: 'Yes.', priority: 1 })
  const answer = await tried(own, 'do you repair?')
  expect([answer.text, answer.training_data[0]?.ref_id]).toEqual(['Yes.', ref_id])
})

it('an answer that the shop is not sure of is given only to what fits it well', async () => {
  const own = await makeShop()
  await teach(own, {
    question: 'Do you deliver pianos to Uganda?',
    answer: 'Sometimes.',
    confidence_score: 0.6,
  })
  expect((await tried(own, 'Do you deliver pianos to Uganda?')).text).toBe('Sometimes.')
  expect((await tried(own, 'deliver to Uganda?')).text).toBeNull()
})

it('a bot knows nothing of another bot, of its own tenant or of another', async () => {
  const stranger = await makeShop()
  const second = (await okay(
    await shop.ask(shop.owner, 'POST', '', { client_name: 'Two', is_active: true }),
    201,
  )) as { ref_id: string }
  for (const [who, ref] of [
    [stranger, stranger.bot.ref_id],
    [shop, second.ref_id],
  ] as const)
    expect(
      await okay(await who.ask(who.member, 'POST', `/${ref}/try`, { text: 'What guitars do you sell?' })),
    ).toMatchObject({ outcome: 'escalated', training_data: [] })
})

it('one common word among unknown ones finds rows, wherever it stands', async () => {
  const own = await makeShop()
  await admin.query(
    `insert into public.bot_training_data (tenant_id, bot_id, question, answer, locale)
     select $1, private.ulid_to_uuid($2), 'kazoo number' || n, 'Yes.', 'en' from generate_series(1, 250) as n`,
    [own.tenant.id, own.bot.ref_id],
  )
  // The words are looked up in the order of their hashes, so each of these asks in another order.
  for (let n = 0; n < 20; n++) {
    const { rows: found } = await admin.query(
      `select from private.search_training_data($1, private.ulid_to_uuid($2), $3, 'en')`,
      [own.tenant.id, own.bot.ref_id, `kazoo unheard${n}`],
    )
    expect(found, `unheard${n}`).toHaveLength(5)
  }
})

it('a search reads the rows of its bot by an index, however many others have', async () => {
  const own = await makeShop()
  await teach(own, { question: 'Do you sell kazoos?', answer: 'Yes.' })
  const { rows: plan } = await admin.query<{ 'QUERY PLAN': string }>(
    `explain select from public.bot_training_data as t
     where t.is_active and private.word_keys(t.bot_id, tsvector_to_array(t.search_vector))
       @> private.word_keys(private.ulid_to_uuid('${own.bot.ref_id}'), '{sell}')`,
  )
  expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toMatch(/bot_training_data_search_idx/)
})

describe('a bot that knows much', () => {
  let own: Shop
  beforeAll(async () => {
    own = await makeShop()
    await admin.query(
      `insert into public.bot_training_data (tenant_id, bot_id, question, answer, locale)
       select $1, private.ulid_to_uuid($2), 'Do you have a violin of number' || n, n::text, 'en' from generate_series(1, 300) as n`,
      [own.tenant.id, own.bot.ref_id],
    )
    await teach(own, { question: 'Do you repair accordions on Sundays?', answer: 'No.' })
  })
  it.each([
    ['one letter is missing', 'do you repair acordions on sundays'],
    ['one is too much', 'do you repairr accordions on sundays'],
    ['one is another', 'do you repair accardions on sundays'],
    ['two have changed places', 'do you repair accordions on sudnays'],
    ['two words are wrong', 'do you repiar accordons on sundays'],
  ])('finds a row though %s', async (_what, asked) => {
    expect((await tried(own, asked)).training_data[0]).toMatchObject({
      question: 'Do you repair accordions on Sundays?',
    })
  })
  it('finds a row all of whose words are misspelt', async () => {
    await teach(own, { question: 'Ukuleles', answer: 'Yes.' })
    expect((await tried(own, 'ukeleles')).training_data[0]).toMatchObject({ question: 'Ukuleles' })
  })
  it('compares the letters of a bounded number of rows, whatever is asked', async () => {
    const { rows: found } = await admin.query<{ ids: number }>(
      `select cardinality(private.find_training_ids($1, private.ulid_to_uuid($2), '{violin,have}', 0, 200)) as ids`,
      [own.tenant.id, own.bot.ref_id],
    )
    expect(found).toEqual([{ ids: 200 }])
  })
  it('finds a misspelt word along an index', async () => {
    const { rows: plan } = await admin.query<{ 'QUERY PLAN': string }>(
      `explain select from private.bot_words as k
       where private.word_keys(k.bot_id, private.word_cuts(k.word)) && private.word_keys('${own.tenant.id}', private.word_cuts('acordion'))`,
    )
    expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toMatch(/bot_words_cuts_idx/)
  })
})

it('the words of a bot are counted as its rows come, change and go', async () => {
  const own = await makeShop()
  const wrong = async () =>
    (
      await admin.query(
        `with counted as (select word, row_count from private.bot_words where tenant_id = $1),
           real as (select w as word, count(*)::int as row_count from public.bot_training_data as t, unnest(tsvector_to_array(t.search_vector)) as w
             where t.tenant_id = $1 and t.is_active group by w)
         (table counted except table real) union all (table real except table counted)`,
        [own.tenant.id],
      )
    ).rows
  const kazoo = await teach(own, { question: 'Do you sell kazoos and kazoos?', answer: 'Yes.' })
  await teach(own, { question: 'Do you sell kazoos?', answer: 'Yes.' })
  const { rows: counted } = await admin.query(
    `select row_count from private.bot_words where tenant_id = $1 and word in ('kazoo', 'kazoos')`,
    [own.tenant.id],
  )
  expect(counted).toEqual([{ row_count: 2 }])
  expect(await wrong()).toEqual([])
  const path = `/${own.bot.ref_id}/training-data/${kazoo.ref_id}`
  for (const change of [{ question: 'Drums or kazoos?' }, { is_active: false }, { is_active: true }]) {
    await okay(await own.ask(own.member, 'PATCH', path, change))
    expect(await wrong(), JSON.stringify(change)).toEqual([])
  }
  expect((await own.ask(own.member, 'DELETE', path)).status).toBe(204)
  expect(await wrong()).toEqual([])
  expect((await own.ask(own.owner, 'DELETE', `/${own.bot.ref_id}`)).status).toBeLessThan(300)
  expect(await wrong()).toEqual([])
})
