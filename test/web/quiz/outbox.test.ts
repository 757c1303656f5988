import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { confirm, emptyOutbox, nextSending, refuse } from '../../../web/quiz/src/outbox.js'
import { adopt, answerItem, begin, openMemory, reconcile } from '../../../web/quiz/src/record.js'
import { createSender, isPassing, waitSeconds } from '../../../web/quiz/src/sender.js'

type Answer = number | string
const session = { campaign: 'c', mode: 'likert', answers: {}, email: '', isCompleted: false }
const contact = { email: 'ada@example.com', has_consented: true } as const
const full = {
  start: { mode: 'likert', locale: 'en' },
  answers: { q1: 3 } as Record<string, Answer | null>,
  contact,
  isFinishing: true,
}
const refused = (status: number, code = '', pointers: string[] = []) => ({ status, code, pointers })

describe('what waits to be sent', () => {
  it('goes in order: the session, its answers, the contact, the end', () => {
    let outbox: Parameters<typeof nextSending>[0] = full
    const kinds: string[] = []
    for (let sending = nextSending(outbox); sending; sending = nextSending(outbox)) {
      kinds.push(sending.kind)
      outbox = confirm(outbox, sending)
    }
    expect(kinds).toEqual(['start', 'answers', 'contact', 'complete'])
    expect(outbox).toEqual(emptyOutbox())
  })

  it('arrives whole, whatever is lost on the way and changed meanwhile', () => {
    const item = fc.constantFrom('q1', 'q2', 'q3')
    const step = fc.oneof(
      fc.record({ choose: item, answer: fc.option(fc.integer({ min: 1, max: 5 })) }),
      fc.constantFrom('request lost' as const, 'reply lost' as const, 'delivered' as const),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let taking = adopt('t', session)
        const server: Record<string, Answer> = {}
        let underWay = nextSending(taking.outbox)
        const deliver = (isHeard: boolean) => {
          underWay ??= nextSending(taking.outbox)
          if (underWay?.kind !== 'answers') return
          for (const [id, answer] of Object.entries(underWay.body.answers))
            if (answer === null) delete server[id]
            else server[id] = answer
          if (isHeard) taking = { ...taking, outbox: confirm(taking.outbox, underWay) }
          underWay = null
        }
        for (const each of steps) {
          if (typeof each === 'object') {
            // What is under way was made before this choice.
            underWay ??= nextSending(taking.outbox)
            taking = answerItem(taking, each.choose, each.answer)
          } else if (each === 'request lost') underWay = null
          else deliver(each === 'delivered')
        }
        deliver(true)
        deliver(true)
        expect(nextSending(taking.outbox)).toBeNull()
        expect(server).toEqual(taking.answers)
      }),
    )
  })

  it('loses only the answers that are refused', () => {
    const outbox = { ...emptyOutbox(), answers: { q1: 9, 'a/b': 'x', q3: null } }
    const sent = nextSending(outbox)!
    const after = refuse(outbox, sent, refused(422, 'invalid_value', ['/answers/q1', '/answers/a~1b']))
    expect([after.verdict, after.dropped, after.outbox.answers]).toEqual([
      'dropped',
      ['q1', 'a/b'],
      { q3: null },
    ])
    // One that was changed since is another answer.
    const changed = { ...outbox, answers: { ...outbox.answers, q1: 2 } }
    expect(
      refuse(changed, sent, refused(422, 'invalid_value', ['/answers/q1'])).outbox.answers,
    ).toMatchObject({
      q1: 2,
    })
    // A refusal that names none would come again for ever.
    expect(refuse(outbox, sent, refused(413)).outbox.answers).toEqual({})
    expect(refuse(outbox, sent, refused(422, '', ['/answers/__proto__', ''])).outbox.answers).toEqual({})
  })

  it.each([
    ['answers', 404, 'session_not_found', 'expired'],
    ['answers', 401, 'unauthorized', 'expired'],
    ['answers', 409, 'session_completed', 'completed'],
    ['answers', 403, 'tenant_frozen', 'closed'],
    ['start', 409, 'campaign_not_open', 'closed'],
    ['start', 404, 'campaign_not_found', 'closed'],
    ['start', 402, 'limit_reached', 'closed'],
    ['start', 409, 'token_taken', 'taken'],
    ['start', 422, 'invalid_value', 'restart'],
    ['contact', 422, 'invalid_body', 'contact'],
    ['complete', 422, 'contact_required', 'contact'],
    ['complete', 422, 'nothing_answered', 'unanswered'],
    ['complete', 409, 'session_completed', 'failed'],
    ['complete', 409, 'session_not_completed', 'failed'],
  ] as const)('%s that is refused with %i %s: %s', (kind, status, code, verdict) => {
    const outbox = { ...full, start: kind === 'start' ? full.start : null }
    if (kind === 'contact' || kind === 'complete') outbox.answers = {}
    const rest = kind === 'complete' ? { ...emptyOutbox(), isFinishing: true } : outbox
    const sent = nextSending(rest)!
    expect(sent.kind).toBe(kind)
    const after = refuse(rest, sent, refused(status, code))
    expect(after.verdict).toBe(verdict)
    // Nothing is evaluated that the person could still put right.
    if (['contact', 'unanswered', 'failed', 'dropped'].includes(verdict))
      expect(after.outbox.isFinishing).toBe(false)
  })
})

describe('sending', () => {
  /** A server that answers with these numbers, one after the other, and 200 from then on. */
  function world(statuses: number[]) {
    let outbox: ReturnType<typeof emptyOutbox> | null = { ...emptyOutbox(), answers: { q1: 1 } }
    const log: string[] = []
    const pauses: { seconds: number; end: () => void }[] = []
    let underWay = 0
    const sender = createSender({
      outbox: () => outbox,
      async send(sending) {
        log.push(`${sending.kind} ${++underWay}`)
        await Promise.resolve()
        underWay--
        return { status: statuses.shift() ?? 200, body: null, retryAfterSeconds: 0 }
      },
      settle(sending, { status }) {
        log.push(String(status))
        outbox = outbox && status === 200 ? confirm(outbox, sending) : null
      },
      say: (saving) => log.push(saving),
      wait(seconds) {
        let end = () => {}
        const over = new Promise<void>((resolve) => {
          end = resolve
        })
        pauses.push({ seconds, end })
        return { over, end }
      },
    })
    const add = (answers: Record<string, Answer>) => {
      outbox = outbox && { ...outbox, answers: { ...outbox.answers, ...answers } }
      sender.start()
    }
    return { sender, log, pauses, add }
  }
  const settled = () => new Promise((resolve) => setTimeout(resolve))

  it('has one request under way, whatever is chosen meanwhile', async () => {
    const { sender, log, add } = world([])
    sender.start()
    add({ q2: 2 })
    add({ q3: 3 })
    await settled()
    expect(log).toEqual(['saving', 'answers 1', '200', 'saving', 'answers 1', '200', 'saved'])
  })

  it('waits when nobody answers, and goes on at once when the network is back', async () => {
    const { sender, log, pauses } = world([0, 503])
    sender.start()
    await settled()
    expect(log).toEqual(['saving', 'answers 1', 'waiting'])
    sender.hurry()
    await settled()
    expect(pauses).toHaveLength(2)
    pauses[1]!.end()
    await settled()
    expect(log).toEqual([
      'saving',
      'answers 1',
      'waiting',
      'answers 1',
      'waiting',
      'answers 1',
      '200',
      'saved',
    ])
  })

  it('ends with what cannot be repeated', async () => {
    const { sender, log } = world([401])
    sender.start()
    await settled()
    expect(log).toEqual(['saving', 'answers 1', '401', 'saved'])
    expect([0, 408, 429, 500, 503].every(isPassing)).toBe(true)
    expect([200, 304, 400, 401, 404, 409, 422].some(isPassing)).toBe(false)
  })

  it('waits longer each time, up to half a minute, and as long as the server says', () => {
    expect([1, 2, 3, 4, 5, 6, 60].map((failures) => waitSeconds(failures, 0, 0.5))).toEqual([
      1, 2, 4, 8, 16, 30, 30,
    ])
    expect(waitSeconds(1, 60, 0)).toBe(60)
    expect(waitSeconds(1, 86_400, 0)).toBe(300)
  })
})

describe('what a device remembers', () => {
  const storage = (texts: Record<string, string>) =>
    ({
      getItem: (key: string) => texts[key] ?? null,
      setItem: (key: string, text: string) => {
        texts[key] = text
      },
      removeItem: (key: string) => {
        delete texts[key]
      },
    }) as Storage

  it('is there after a reload, with what was not sent', () => {
    const texts = {}
    const taking = answerItem(begin('token', 'likert', 'en'), 'q1', 4)
    expect(openMemory('k', () => storage(texts)).write(taking)).toBe(true)
    expect(openMemory('k', () => storage(texts)).read()).toEqual(taking)
    expect(openMemory('other', () => storage(texts)).read()).toBeNull()
  })

  it.each(['', '{', 'null', '7', '[]', '{"token":1}', '{"token":"t"}'])(
    'is nothing if it reads %j',
    (text) => {
      expect(openMemory('k', () => storage({ k: text })).read()).toBeNull()
    },
  )

  it('lives as long as the page where the browser keeps nothing', () => {
    const memory = openMemory('k', () => {
      throw new Error('The operation is insecure.')
    })
    const taking = begin('token', 'likert', 'en')
    expect(memory.write(taking)).toBe(false)
    expect(memory.read()).toBe(taking)
  })

  it('takes over what other devices did, and keeps what is newer here', () => {
    let taking = answerItem(adopt('t', { ...session, answers: { q1: 1, q2: 2 } }), 'q1', 5)
    taking = answerItem(taking, 'q2', null)
    const elsewhere = { ...session, answers: { q1: 3, q2: 4, q3: 2 }, email: 'ada@example.com' }
    expect(reconcile(taking, elsewhere)).toMatchObject({ answers: { q1: 5, q3: 2 }, hasContact: true })
  })
})
