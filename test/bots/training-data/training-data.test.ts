import { beforeEach, describe, expect, it } from 'vitest'
import { TrainingRows } from '../../../lib/bots/index.ts'
import { problemOf } from '../../kit/call.ts'
import { fillUp, makeShop, okay, type Shop, teach } from '../bots-scene.ts'

let shop: Shop
let at: string
beforeEach(async () => {
  shop = await makeShop()
  at = `/${shop.bot.ref_id}/training-data`
})

describe('training data', () => {
  it('is a question and its answer, in the language of the tenant unless said otherwise', async () => {
    const first = await teach(shop, { question: ' Open? ', answer: 'Yes.' })
    expect(first).toMatchObject({
      data_type: 'faq',
      question: 'Open?',
      locale: 'en',
      priority: 0,
      confidence_score: 1,
      is_active: true,
    })
    expect(await teach(shop, { question: 'Fungua?', answer: 'Ndiyo.', locale: 'sw' })).toMatchObject({
      locale: 'sw',
    })
    expect(await teach(shop, { question: 'Hi', answer: 'Hello!', locale: null })).toMatchObject({
      locale: null,
    })
    expect(await okay(await shop.ask(shop.reviewer, 'GET', `${at}/${first.ref_id}`))).toEqual(first)
  })
  it('without an answer it waits for one, and answers nobody', async () => {
    const row = await teach(shop, { question: 'Do you hire out drums?', answer: null })
    expect(row).toMatchObject({ answer: null, is_active: false })
    const early = await shop.ask(shop.member, 'PATCH', `${at}/${row.ref_id}`, { is_active: true })
    expect(await problemOf(early)).toMatchObject({ status: 422, pointers: ['/answer'] })
    const answered = { answer: 'Yes, for a day.', is_active: true }
    expect(await okay(await shop.ask(shop.member, 'PATCH', `${at}/${row.ref_id}`, answered))).toMatchObject(
      answered,
    )
  })
  it('is listed by category and by what is active', async () => {
    await teach(shop, { question: 'one', answer: 'x', category: 'Products' })
    await teach(shop, { question: 'two', answer: 'x' })
    await teach(shop, { question: 'three', answer: null, category: 'Products' })
    const listed = async (query: string) =>
      TrainingRows.parse(await okay(await shop.ask(shop.reviewer, 'GET', `${at}${query}`))).training_data.map(
        ({ question }) => question,
      )
    expect(await listed('')).toEqual(['three', 'two', 'one'])
    expect(await listed('?category=Products')).toEqual(['three', 'one'])
    expect(await listed('?category=Products&is_active=true')).toEqual(['one'])
    expect(await listed('?is_active=false')).toEqual(['three'])
  })
  it('is listed by what waits for an answer, and by a part of the question', async () => {
    await teach(shop, { question: 'Vendez-vous des CAFÉS-crème?', answer: 'Oui.' })
    await teach(shop, { question: 'Do you hire out drums?', answer: null })
    await teach(shop, { question: 'Do you sell drums?', answer: 'Yes.', is_active: false })
    const listed = async (query: string) =>
      TrainingRows.parse(await okay(await shop.ask(shop.reviewer, 'GET', `${at}${query}`))).training_data.map(
        ({ question }) => question,
      )
    expect(await listed('?has_answer=false')).toEqual(['Do you hire out drums?'])
    expect(await listed('?has_answer=true&search=drums')).toEqual(['Do you sell drums?'])
    expect(await listed('?search=cafes%20CREME')).toEqual(['Vendez-vous des CAFÉS-crème?'])
    expect(await listed('?search=%25')).toEqual([])
  })
  it('is deleted once', async () => {
    const { ref_id } = await teach(shop, { question: 'Open?', answer: 'Yes.' })
    expect((await shop.ask(shop.member, 'DELETE', `${at}/${ref_id}`)).status).toBe(204)
    expect(await problemOf(await shop.ask(shop.member, 'DELETE', `${at}/${ref_id}`))).toMatchObject(notFound)
  })
})

describe('what is refused', () => {
  it.each<[object, string]>([
    [{ question: 'x' }, '/answer'],
    [{ question: '', answer: 'x' }, '/question'],
    [{ question: 'x'.repeat(1_001), answer: 'x' }, '/question'],
    [{ question: 'x', answer: 'x'.repeat(4_001) }, '/answer'],
    [{ question: 'x', answer: 'x', locale: 'English' }, '/locale'],
    [{ question: 'x', answer: 'x', confidence_score: 1.1 }, '/confidence_score'],
    [{ question: 'x', answer: 'x', priority: 0.5 }, '/priority'],
    [{ question: 'x', answer: 'x', data_type: 'joke' }, '/data_type'],
    [{ question: 'x', answer: 'x', bot_id: 'y' }, '/bot_id'],
  ])('a row of %j', async (body, pointer) => {
    expect(await problemOf(await shop.ask(shop.member, 'POST', at, body))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers: [pointer],
    })
  })
  it('text that turns its direction', async () => {
    const answer = await shop.ask(shop.member, 'POST', at, { question: 'a\u202eb', answer: 'x' })
    expect(await problemOf(answer)).toEqual({ status: 422, code: 'invalid_value', pointers: ['/question'] })
  })
  it('a reviewer who writes', async () => {
    const body = { question: 'x', answer: 'x' }
    expect(await problemOf(await shop.ask(shop.reviewer, 'POST', at, body))).toMatchObject({ status: 403 })
  })
  it('more than the plan has room for', async () => {
    await fillUp(shop, 50_000)
    const answer = await shop.ask(shop.member, 'POST', at, { question: 'One more', answer: 'x' })
    expect(await problemOf(answer)).toMatchObject({ status: 402, code: 'limit_reached' })
  })
  it('a row of another bot of the same tenant', async () => {
    const { ref_id } = await teach(shop, { question: 'Open?', answer: 'Yes.' })
    const second = (await okay(await shop.ask(shop.owner, 'POST', '', { client_name: 'Two' }), 201)) as {
      ref_id: string
    }
    const path = `/${second.ref_id}/training-data/${ref_id}`
    expect(await problemOf(await shop.ask(shop.member, 'GET', path))).toMatchObject(notFound)
    expect(await problemOf(await shop.ask(shop.member, 'PATCH', path, { priority: 1 }))).toMatchObject(
      notFound,
    )
  })
})

const notFound = { status: 404, code: 'not_found' }
