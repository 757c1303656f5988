/** A value that is as bad as values of its type get, of n parts of about 100 bytes each. */
export type Worst = [what: string, make: (n: number) => unknown]

const many = (n: number, part: (i: number) => string) => Array.from({ length: n }, (_, i) => part(i))
const padded = (i: number) => `k${i}_${'a'.repeat(90 - String(i).length)}`
const fields = (n: number, name = padded) => Object.fromEntries(many(n, name).map((key) => [key, 0]))

/** It takes a few bytes until somebody writes it out. JavaScript has no such number, so asParameter() puts it in. */
const longNumber = '1e131071'

const nested = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}0${'}'.repeat(levels)}`)

/** Texts that make a careless regular expression or a loop expensive. */
const texts: Worst[] = [
  ['letters', (n) => 'a'.repeat(100 * n)],
  ['inner spaces', (n) => `x${' '.repeat(100 * n)}x`],
  ['capitals', (n) => 'aA'.repeat(50 * n)],
  ['dots', (n) => 'a.'.repeat(50 * n)],
  ['colons', (n) => `${':1'.repeat(50 * n)}!`],
  ['digits', (n) => `:${'1'.repeat(100 * n)}!`],
  ['a long address', (n) => `${'a'.repeat(50 * n)}@${'a.'.repeat(25 * n)}!`],
  ['a long URL', (n) => `https://${'a-'.repeat(50 * n)}!`],
  ['slashes', (n) => '~/'.repeat(50 * n)],
  ['letters that change their length', (n) => 'İ'.repeat(50 * n)],
  ['base64', (n) => `whsec_${'AAAA'.repeat(25 * n)}`],
]

const documents: Worst[] = [
  ['unknown fields', (n) => fields(n)],
  ['unknown fields in capitals', (n) => fields(n, (i) => `${'aA'.repeat(44)}${i}`)],
  ['one long name', (n) => ({ ['aA'.repeat(50 * n)]: 0 })],
  ['one long text', (n) => ({ text: 'aA'.repeat(50 * n) })],
  ['an array', (n) => many(n, padded)],
  ['numbers', (n) => ({ a: Array(50 * n).fill(1) })],
  ['long numbers', (n) => ({ a: Array(10 * n).fill(longNumber) })],
  // The longest that JavaScript writes: six bytes that Postgres writes as 309.
  ['wide numbers', (n) => ({ a: Array(14 * n).fill(1e308) })],
  // No route lets more levels pass, and no function that REST reaches goes down the levels.
  ['levels', (n) => nested(Math.min(n, 64))],
  ['a text', (n) => 'a'.repeat(100 * n)],
]

const lists: Worst[] = [
  ['different texts', (n) => many(n, padded)],
  ['equal texts', (n) => many(n, () => padded(0))],
  ['nulls', (n) => Array(n).fill(null)],
  ['one long text', (n) => ['aA'.repeat(50 * n)]],
]

const uuid = (i: number) => `00000000-0000-7000-8000-${String(i).padStart(12, '0')}`

/** The worst values of a type, by its name in SQL. Nothing for types whose values have one size. */
export const worstOf: Record<string, Worst[]> = {
  text: texts,
  'character varying': texts,
  json: documents,
  jsonb: documents,
  'text[]': lists,
  'jsonb[]': [
    ['objects', (n) => many(n, (i) => JSON.stringify({ [padded(i)]: 0 }))],
    ['long numbers', (n) => [`{"a": [${Array(10 * n).fill(longNumber)}]}`]],
    ['numbers', (n) => Array(Math.ceil(n / 100)).fill(`{"a": [${Array(5_000).fill(1)}]}`)],
    ['one large object', (n) => [JSON.stringify(fields(n))]],
  ],
  'uuid[]': [['ids', (n) => many(n, uuid)]],
  'bigint[]': [['numbers', (n) => many(n, String)]],
  'timestamp with time zone[]': [['moments', (n) => Array(n).fill('2026-01-31T09:30:00Z')]],
  bytea: [['bytes', (n) => Buffer.alloc(100 * n, 1)]],
}

/** A value as the driver sends it. */
export function asParameter(type: string, value: unknown): unknown {
  return type === 'json' || type === 'jsonb'
    ? JSON.stringify(value).replaceAll(`"${longNumber}"`, longNumber)
    : value
}
