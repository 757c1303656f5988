import { StackFailure } from '../failure.ts'

/** How a table's noun is spelled in each place. For meeting_notes of the domain coaching: */
export interface TableNames {
  /** coaching */
  domain: string
  /** Coaching */
  Domain: string
  /** meeting_notes: the table */
  nouns: string
  /** meeting_note: path parameters, event types */
  noun: string
  /** meeting-notes: files and routes */
  path: string
  /** MeetingNotes */
  Nouns: string
  /** MeetingNote */
  Noun: string
  /** meetingNotes */
  nounsName: string
  /** meetingNote */
  nounName: string
  /** meeting notes */
  words: string
  /** Meeting notes */
  Words: string
  /** meeting note */
  word: string
  /** a */
  a: string
  /** A */
  A: string
}

// Postgres cuts names off after 63 bytes. The longest one here is "managers delete their tenant's <nouns>".
const maxLength = 32
const wordForm = /^[a-z]+$/
const snakeForm = /^[a-z]+(_[a-z]+)*$/

/** @throws StackFailure for a domain that is no word, and for nouns that are no plural in snake_case. */
export function namesOf(domain: string, nouns: string, singular = singularOf(nouns)): TableNames {
  if (!wordForm.test(domain) || domain.length > maxLength)
    throw new StackFailure(
      `"${domain}" cannot be a domain: that is one lowercase word of at most ${maxLength} letters, such as assessments.`,
    )
  if (!snakeForm.test(nouns) || nouns.length > maxLength)
    throw new StackFailure(
      `"${nouns}" cannot be a table: its name is a plural in snake_case of at most ${maxLength} letters, such as meeting_notes.`,
    )
  if (singular === undefined)
    throw new StackFailure(
      `"${nouns}" does not look like a plural: say with --singular what one of them is called.`,
    )
  if (!snakeForm.test(singular) || singular.length > maxLength || singular === nouns)
    throw new StackFailure(
      `"${singular}" cannot be one of the ${nouns}: --singular takes another name than theirs, in snake_case.`,
    )
  const [words, word] = [nouns.replaceAll('_', ' '), singular.replaceAll('_', ' ')]
  const article = /^[aeio]|^u(?!ni|se)/.test(word) ? 'an' : 'a'
  return {
    domain,
    Domain: capital(domain),
    nouns,
    noun: singular,
    path: nouns.replaceAll('_', '-'),
    Nouns: pascal(nouns),
    Noun: pascal(singular),
    nounsName: camel(nouns),
    nounName: camel(singular),
    words,
    Words: capital(words),
    word,
    a: article,
    A: capital(article),
  }
}

function singularOf(nouns: string): string | undefined {
  if (!nouns.endsWith('s') || /(ss|us|is)$/.test(nouns)) return undefined
  if (nouns.endsWith('ies')) return `${nouns.slice(0, -3)}y`
  return nouns.slice(0, /(ss|x|ch|sh|zz)es$/.test(nouns) ? -2 : -1)
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
const camel = (snake: string) => snake.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
const pascal = (snake: string) => capital(camel(snake))
