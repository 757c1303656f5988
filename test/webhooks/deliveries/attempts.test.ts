import { beforeAll, describe, expect, it } from 'vitest'
import { Attempts } from '../../../lib/webhooks/index.ts'
import type { World } from '../endpoints/world.ts'
import { get, makeListed, pages } from './listed.ts'

let world: World
let one: string
let two: string
let messages: string[]
beforeAll(async () => {
  ;({ world, one, two, messages } = await makeListed())
})

describe('attempts', () => {
  const found = async (query = '') =>
    Attempts.parse(await get(world, `/attempts${query}`)).attempts.map((each) => [
      messages.indexOf(each.message_id),
      each.endpoint_id === one ? 1 : 2,
      each.attempt_number,
    ])

  it('are listed, the newest first, with what was answered', async () => {
    const { attempts } = Attempts.parse(await get(world, '/attempts'))
    expect(attempts.map(({ ref_id }) => ref_id)).toEqual(
      attempts
        .map(({ ref_id }) => ref_id)
        .sort()
        .reverse(),
    )
    expect(attempts).toHaveLength(11)
    expect(attempts.find(({ outcome }) => outcome === 'failed')).toEqual({
      ref_id: expect.stringMatching(/^[0-9A-Z]{26}$/),
      message_id: messages[3],
      endpoint_id: one,
      attempt_number: 2,
      outcome: 'failed',
      response_status: 500,
      response_body: 'answer',
      duration_ms: 200,
      error_code: 'status_500',
      error_detail: 'The receiver answered 500.',
      created_at: expect.any(String),
    })
  })

  it('are found by endpoint, message and outcome', async () => {
    expect(await found(`?outcome=failed`)).toEqual([
      [3, 1, 2],
      [3, 1, 1],
      [1, 2, 2],
      [1, 2, 1],
      [0, 2, 2],
      [0, 2, 1],
    ])
    expect(await found(`?outcome=failed&endpoint=${one}`)).toEqual([
      [3, 1, 2],
      [3, 1, 1],
    ])
    expect(await found(`?message=${messages[3]}`)).toEqual([
      [3, 1, 2],
      ...[expect.any(Array), expect.any(Array)],
    ])
    expect(await found(`?message=${messages[3]}&outcome=succeeded`)).toEqual([[3, 2, 1]])
    expect(await found(`?message=${messages[3]}&endpoint=${two}&outcome=failed`)).toEqual([])
    expect(await found(`?endpoint=${two}`)).toEqual([
      [3, 2, 1],
      [1, 2, 2],
      [1, 2, 1],
      [0, 2, 2],
      [0, 2, 1],
    ])
  })

  it.each(['', '?outcome=failed', '?endpoint=1', '?endpoint=1&outcome=succeeded'])(
    'come page by page: %s',
    async (query) => {
      const path = `/attempts${query.replace('=1', `=${one}`)}`
      const whole = Attempts.parse(await get(world, path)).attempts
      for (const limit of [1, 2, 5]) {
        const found = await pages(world, path, limit, (page) => {
          const { attempts: items, next_cursor: next } = Attempts.parse(page)
          return { items, next }
        })
        expect(found.flat()).toEqual(whole)
      }
    },
  )
})
