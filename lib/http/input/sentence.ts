import type { z } from 'zod'

const kinds: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  null: 'null',
  undefined: 'nothing',
}

const formats: Record<string, string> = {
  uuid: 'a UUID',
  guid: 'a UUID',
  email: 'an e-mail address',
  url: 'a URL',
  datetime: 'a date and time with its offset, such as 2026-01-31T09:30:00Z',
  date: 'a date, such as 2026-01-31',
}

/** What is wrong with a field, as the end of a sentence that starts with the field. It is the `error` option of zod's parse. */
export function sentence(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing'
      return `must be ${kinds[issue.expected] ?? issue.expected}`
    case 'unrecognized_keys':
      return 'is not a known field'
    case 'invalid_value':
      return issue.values.length === 1
        ? `must be ${JSON.stringify(issue.values[0])}`
        : `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`
    case 'too_small':
      return `must ${measure(issue.origin)} at least ${issue.minimum}${unit(issue.origin, issue.minimum)}`
    case 'too_big':
      return `must ${measure(issue.origin)} at most ${issue.maximum}${unit(issue.origin, issue.maximum)}`
    case 'invalid_format':
      return formats[issue.format] ? `must be ${formats[issue.format]}` : 'is not written the way it must be'
    case 'invalid_key':
      return 'has a key that is not allowed'
    case 'invalid_union':
      return 'has none of the shapes that are accepted'
    default:
      return 'is not acceptable'
  }
}

function measure(origin: string): string {
  return origin === 'string' || origin === 'array' || origin === 'record' ? 'have' : 'be'
}

function unit(origin: string, count: number | bigint): string {
  const word = origin === 'string' ? 'character' : origin === 'array' || origin === 'record' ? 'entry' : ''
  if (word === '') return ''
  return Number(count) === 1 ? ` ${word}` : ` ${word === 'entry' ? 'entries' : 'characters'}`
}
