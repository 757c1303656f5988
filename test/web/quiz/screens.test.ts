import { describe, expect, it } from 'vitest'
import { newToken, readAddress, resumeLink } from '../../../web/quiz/src/address.js'
import { corners } from '../../../web/quiz/src/chart.js'
import { parseDefinition, parseResult } from '../../../web/quiz/src/definition.js'
import { answerItem, begin, openMemory } from '../../../web/quiz/src/record.js'
import { landingFor, placeAfter, placeBefore, resumeAt, screenOf } from '../../../web/quiz/src/screens.js'

const campaign = '01JZ0000000000000000000000'
const scale = { min: 1, max: 5, labels: { 1: 'No', 5: 'Yes' } }
const items = ['q1', 'q2', 'q3'].map((id) => ({ id, prompt: `${id}?` }))
const answer = (capture_gate = 'soft', is_open = true) => ({
  campaign: { name: 'Spring', is_open, opens_at: '2026-12-01T00:00:00Z', results_disclosure: 'full' },
  landing: { headline: 'How far?', capture_gate, personas: [] },
  modes: [{ id: 'likert', kind: 'scale', title: 'Quiz', intro: 'Go', scale, items }],
})
const definition = parseDefinition(answer())!
const mode = definition.modes[0]!
const token = newToken()

describe('the address', () => {
  it('says which campaign, on which tenant, and whose session', () => {
    const found = readAddress({
      search: `?campaign=${campaign.toLowerCase()}&tenant=Ada-Co`,
      hash: `#t=${token}`,
    })
    expect(found).toEqual({ campaign, tenant: 'ada-co', token })
  })

  it.each([
    ['?campaign=../../x&tenant=a/b', '#t=short'],
    ['?campaign=<script>', `#${token}`],
    [`?t=${token}`, `#t=${token}x`],
  ])('says nothing where it is not whole: %s%s', (search, hash) => {
    expect(readAddress({ search, hash })).toEqual({ campaign: null, tenant: null, token: null })
  })

  it('of a link to another device has the token behind the #, and nothing of where the visitor came from', () => {
    const search = `?utm_source=mail&campaign=${campaign}`
    const link = resumeLink({ origin: 'https://quiz.example', pathname: '/quiz/', search }, token)
    expect(link).toBe(`https://quiz.example/quiz/?campaign=${campaign}#t=${token}`)
  })

  it('gets another token each time, of 43 letters', () => {
    const made = Array.from({ length: 50 }, newToken)
    expect(new Set(made).size).toBe(50)
    expect(made.every((each) => /^[\w-]{43}$/.test(each))).toBe(true)
  })
})

describe('the screen', () => {
  const nothing = { definition, taking: null, offered: null, result: null, ending: '' as const, now: 0 }
  const taking = begin(token, 'likert', 'en')
  const closed = { ...definition, isOpen: false }
  const late = Date.parse('2027-01-01')
  const result = parseResult({})
  const offered = { campaign, mode: 'likert', answers: {}, email: '', isCompleted: false }
  it.each([
    ['intro', nothing],
    ['early', { ...nothing, definition: closed }],
    ['ended', { ...nothing, definition: closed, now: late }],
    // Who began goes on after the end, until the server says no.
    ['question', { ...nothing, definition: closed, taking, now: late }],
    ['ended', { ...nothing, taking, ending: 'closed' as const, now: late }],
    ['expired', { ...nothing, taking, ending: 'expired' as const }],
    ['check', { ...nothing, taking: { ...taking, place: { at: 'check' as const } } }],
    ['contact', { ...nothing, taking: { ...taking, place: { at: 'contact' as const } } }],
    ['finishing', { ...nothing, taking: { ...taking, isCompleted: true } }],
    ['finishing', { ...nothing, taking: { ...taking, outbox: { ...taking.outbox, isFinishing: true } } }],
    ['result', { ...nothing, taking: { ...taking, isCompleted: true }, result }],
    ['offer', { ...nothing, taking, offered }],
  ])('%s', (screen, situation) => {
    expect(screenOf(situation)).toBe(screen)
  })

  it('after the last question is the check, the contact form, and then the result', () => {
    const all = items.reduce((so_far, { id }) => answerItem(so_far, id, 3), taking)
    const last = { ...all, place: { at: 'question' as const, index: 2 } }
    const some = answerItem(last, 'q2', null)
    const none = parseDefinition(answer('none'))!
    expect(placeAfter(definition, mode, taking)).toEqual({ at: 'question', index: 1 })
    expect(placeAfter(definition, mode, some)).toEqual({ at: 'check' })
    expect(placeAfter(definition, mode, { ...some, place: { at: 'check' } })).toEqual({ at: 'contact' })
    expect(placeAfter(definition, mode, last)).toEqual({ at: 'contact' })
    expect(placeAfter(definition, mode, { ...last, hasContact: true })).toBe('finish')
    expect(placeAfter(definition, mode, { ...last, place: { at: 'contact' } })).toBe('finish')
    expect(placeAfter(none, mode, last)).toBe('finish')
    expect(placeAfter(none, mode, { ...some, place: { at: 'check' } })).toBe('finish')
  })

  it('before each is a question, and before the first one nothing', () => {
    expect(placeBefore(mode, { at: 'contact' })).toEqual({ at: 'question', index: 2 })
    expect(placeBefore(mode, { at: 'question', index: 2 })).toEqual({ at: 'question', index: 1 })
    expect(placeBefore(mode, { at: 'question', index: 0 })).toBeNull()
  })

  it('of somebody who comes back is the first question without an answer', () => {
    expect(resumeAt(mode, answerItem(taking, 'q1', 2))).toEqual({ at: 'question', index: 1 })
    expect(
      resumeAt(
        mode,
        items.reduce((so_far, { id }) => answerItem(so_far, id, 3), taking),
      ),
    ).toEqual({
      at: 'question',
      index: 2,
    })
  })
})

describe('the first page', () => {
  const personas = [{ name: 'Founders', description: '' }]
  const at = (share: unknown) =>
    parseDefinition({ ...answer(), landing: { personas, traffic_split: share } })!
  it.each([
    [0, 0, 'plain'],
    [0, 0.999, 'plain'],
    [0.3, 0.299, 'personas'],
    [0.3, 0.3, 'plain'],
    [1, 0, 'personas'],
    [1, 0.999, 'personas'],
    // An API of before says no share, and means all.
    [undefined, 0.999, 'personas'],
    ['half', 0.999, 'personas'],
  ])('at a share of %s has for whoever draws %d: %s', (share, drawn, landing) => {
    expect(landingFor(at(share), () => drawn)).toBe(landing)
  })

  it('without personas is no test, and nothing is drawn', () => {
    const draw = () => {
      throw new Error('drawn')
    }
    expect(landingFor(definition, draw)).toBeNull()
    expect(begin(token, 'likert', 'en', null).outbox.start).toEqual({ mode: 'likert', locale: 'en' })
  })

  it('is drawn once for a device, whatever happens to its session', () => {
    const stored = new Map<string, string>()
    const storage = {
      getItem: (name: string) => stored.get(name) ?? null,
      setItem: (name: string, value: string) => stored.set(name, value),
      removeItem: (name: string) => stored.delete(name),
    } as unknown as Storage
    const open = () => openMemory('quiz', () => storage)
    const first = open()
    const drawn = first.draw()
    const taking = begin(token, 'likert', 'en', 'plain')
    for (const change of [taking, answerItem(taking, 'q1', 3), null]) {
      first.write(change)
      expect([open().draw(), open().read()]).toEqual([drawn, change])
    }
    first.forget()
    expect(stored.size).toBe(0)
    stored.set('quiz', '[1')
    expect(open().draw()).toEqual(expect.any(Number))
  })
})

describe('what the API answers', () => {
  it('gives the points of a scale their keys and words', () => {
    expect(mode.items[0]!.choices).toEqual([
      { value: 1, key: '1', label: 'No' },
      { value: 2, key: '2', label: '' },
      { value: 3, key: '3', label: '' },
      { value: 4, key: '4', label: '' },
      { value: 5, key: '5', label: 'Yes' },
    ])
  })

  it('leaves out what cannot be shown', () => {
    const odd = [
      { id: 'likert', kind: 'scale', scale: { min: 5, max: 1e9 }, items },
      { id: 'qa', kind: 'choice', items: [{ id: 'q1', prompt: 'A?', options: [] }, 7, null] },
      {
        id: 'game',
        kind: 'choice',
        items: [{ id: 'q1', prompt: 'A?', options: [{ id: 'a', label: 'Yes' }, {}] }],
      },
      'x',
    ]
    const found = parseDefinition({ ...answer(), modes: odd, booking_url: 'javascript:alert(1)' })!
    expect(found.modes.map(({ id }) => id)).toEqual(['game'])
    expect(found.modes[0]!.items[0]!.choices).toEqual([{ value: 'a', key: 'a', label: 'Yes' }])
    expect(found.bookingUrl).toBeNull()
    for (const nothing of [null, 7, 'x', [], {}, { modes: 'x' }]) expect(parseDefinition(nothing)).toBeNull()
  })

  it('gives each score its share of the scale, and no colour that is none', () => {
    const scores = [
      { name: 'Hero', colour: '#8C2F1B', score: 75, band: { label: 'High' } },
      { name: 'Artist', colour: 'red;background:url(x)', score: 500 },
      { name: '', score: 1 },
    ]
    const found = parseResult({ result: { scores, scale: { min: 50, max: 100 }, chart: true } })
    expect(found.scores).toEqual([
      { name: 'Hero', color: '#8C2F1B', score: 75, share: 0.5, band: 'High' },
      { name: 'Artist', color: null, score: 500, share: 1, band: '' },
    ])
  })

  it('is drawn from the top and clockwise', () => {
    expect(corners([1, 0.5, 1, 0], 10)).toEqual([
      { x: 0, y: -10 },
      { x: 5, y: 0 },
      { x: 0, y: 10 },
      { x: 0, y: 0 },
    ])
  })
})
