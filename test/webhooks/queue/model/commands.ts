import fc from 'fast-check'

/** What anybody may do to the queue. Numbers choose among what is there, whatever their size. */
export type Command =
  | { do: 'emit'; tenant: number; events: EmitCommand[]; rollBack: boolean }
  | { do: 'expand'; batch: number }
  | { do: 'claim'; worker: number; batch: number }
  | { do: 'report'; worker: number; outcomes: OutcomeName[] }
  | { do: 'forget'; worker: number }
  | { do: 'pass time'; seconds: number }
  | { do: 'wear out' }
  | { do: 'enable' | 'disable' | 'remove'; endpoint: number }
  | { do: 'add'; tenant: number; shape: number }
  | { do: 'archive' | 'restore'; tenant: number }
  | { do: 'replay'; endpoint: number; what: ReplayName; event: number }
  | { do: 'test'; endpoint: number }
  | { do: 'poll'; endpoint: number; most: number }
  | { do: 'acknowledge'; most: number }

/** One that it had or is about to get, any one of the tenant's, or all of a kind. */
type ReplayName = 'again' | 'one' | 'failed' | 'missing' | 'all'

interface EmitCommand {
  type: string
  key: string | null
  idempotencyKey: string | null
}

const outcomes = {
  succeed: { outcome: 'succeeded' },
  'succeed slowly': { outcome: 'succeeded', duration_ms: 9_000 },
  fail: { outcome: 'failed' },
  'ask for a pause': { outcome: 'failed', block_seconds: 30 },
  'ask to be disabled': { outcome: 'succeeded', disable: 'asked' },
  'be gone': { outcome: 'failed', disable: 'gone' },
} as const
export type OutcomeName = keyof typeof outcomes
export const outcomeOf = (name: OutcomeName) => outcomes[name]

/** What endpoints can be like. */
export const shapes = [
  { kind: 'push', types: null, rate: null },
  { kind: 'push', types: ['order.paid'], rate: null },
  { kind: 'push', types: ['endpoint.disabled', 'endpoint.recovered', 'delivery.exhausted'], rate: null },
  { kind: 'push', types: null, rate: 2 },
  { kind: 'poll', types: null, rate: null },
] as const

const any = fc.nat({ max: 99 })
const emitted = fc.record<EmitCommand>({
  type: fc.constantFrom('order.paid', 'order.paid', 'order.sent'),
  key: fc.constantFrom(null, 'a', 'a', 'b'),
  idempotencyKey: fc.constantFrom(null, null, null, 'x', 'y'),
})
const outcome = fc.oneof(
  { weight: 6, arbitrary: fc.constant<OutcomeName>('succeed') },
  { weight: 4, arbitrary: fc.constant<OutcomeName>('fail') },
  {
    weight: 1,
    arbitrary: fc.constantFrom<OutcomeName>(
      'succeed slowly',
      'ask for a pause',
      'ask to be disabled',
      'be gone',
    ),
  },
)

const weighted: [number, fc.Arbitrary<Command>][] = [
  [
    6,
    fc.record({
      do: fc.constant('emit' as const),
      tenant: any,
      events: fc.array(emitted, { minLength: 1, maxLength: 4 }),
      rollBack: fc.nat({ max: 9 }).map((n) => n === 0),
    }),
  ],
  [5, fc.record({ do: fc.constant('expand' as const), batch: fc.constantFrom(1, 3, 500) })],
  [9, fc.record({ do: fc.constant('claim' as const), worker: any, batch: fc.constantFrom(1, 4, 50) })],
  [
    9,
    fc.record({
      do: fc.constant('report' as const),
      worker: any,
      // Now and then a receiver that is down.
      outcomes: fc.oneof(
        { weight: 4, arbitrary: fc.array(outcome, { minLength: 1, maxLength: 6 }) },
        { weight: 1, arbitrary: fc.constant<OutcomeName[]>(Array(6).fill('fail')) },
      ),
    }),
  ],
  [1, fc.record({ do: fc.constant('forget' as const), worker: any })],
  [
    5,
    fc.record({
      do: fc.constant('pass time' as const),
      seconds: fc.constantFrom(0.6, 6, 31, 61, 61, 700, 8_000, 100_000),
    }),
  ],
  [1, fc.record({ do: fc.constant('wear out' as const) })],
  [1, fc.record({ do: fc.constantFrom('disable' as const, 'remove' as const), endpoint: any })],
  [2, fc.record({ do: fc.constant('enable' as const), endpoint: any })],
  [1, fc.record({ do: fc.constant('add' as const), tenant: any, shape: any })],
  [1, fc.record({ do: fc.constantFrom('archive' as const, 'restore' as const), tenant: any })],
  [
    3,
    fc.record({
      do: fc.constant('replay' as const),
      endpoint: any,
      what: fc.constantFrom<ReplayName>('again', 'again', 'again', 'one', 'failed', 'missing', 'all'),
      event: any,
    }),
  ],
  [1, fc.record({ do: fc.constant('test' as const), endpoint: any })],
  [2, fc.record({ do: fc.constant('poll' as const), endpoint: any, most: fc.constantFrom(1, 5, 100) })],
  [2, fc.record({ do: fc.constant('acknowledge' as const), most: fc.nat({ max: 5 }) })],
]

export const someCommands = (most: number): fc.Arbitrary<Command[]> =>
  fc.array(fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary }))), {
    minLength: most / 3,
    maxLength: most,
    size: 'max',
  })
