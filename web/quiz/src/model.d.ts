// The words in which the modules of this page speak to each other. No visitor loads this file.

import type { PageConfig } from '../../page/config.js'
import type english from '../words/en.js'
import type { openMemory } from './record.js'
import type { createTaking } from './taking.js'

export type { PageConfig }
export type Words = typeof english
export type Memory = ReturnType<typeof openMemory>
export type Actions = ReturnType<typeof createTaking>

// A campaign as it is taken.
export type Answer = number | string
export type Choice = { value: Answer; key: string; label: string }
export type Item = { id: string; prompt: string; choices: Choice[] }
export type Mode = { id: string; kind: 'scale' | 'choice'; title: string; intro: string; items: Item[] }
export type Definition = {
  name: string
  /** Of the questions and results, if the API says it. */
  language: string | null
  isOpen: boolean
  opensAt: string | null
  showsResult: boolean
  hasInsights: boolean
  readsAloud: boolean
  /** Of the voice that the tenant would like best. */
  voiceName: string | null
  headline: string
  intro: string
  personas: { name: string; description: string }[]
  /** To what share of devices they are shown: 0 to 1. */
  personaShare: number
  captureGate: 'none' | 'soft' | 'hard'
  modes: Mode[]
  bookingUrl: string | null
}

// A session as the server knows it, and what comes of it.
export type Session = {
  campaign: string
  mode: string
  answers: Record<string, Answer>
  email: string
  isCompleted: boolean
}
export type Part = {
  name: string
  emoji: string
  color: string | null
  description: string
  strengths: string[]
  shadows: string[]
}
export type Score = { name: string; color: string | null; score: number; share: number; band: string }
export type Result = {
  primary: Part | null
  secondary: Part | null
  combination: { title: string; description: string } | null
  scores: Score[]
  hasChart: boolean
  hasReflection: boolean
  bookingUrl: string | null
}

// What waits to be sent.
export type Contact = { email: string; full_name?: string; has_consented: true }
/** Whether the personas are on the first page. */
export type Landing = 'personas' | 'plain'
export type Start = { mode: string; locale: string; landing_variant?: Landing }
export type Outbox = {
  start: Start | null
  answers: Record<string, Answer | null>
  contact: Contact | null
  isFinishing: boolean
}
export type Sending =
  | { kind: 'start'; body: Start }
  | { kind: 'answers'; body: { answers: Record<string, Answer | null> } }
  | { kind: 'contact'; body: Contact }
  | { kind: 'complete' }
/** Status 0: nobody answered. */
export type Reply = { status: number; body: unknown; retryAfterSeconds: number }
export type Refusal = { status: number; code: string; pointers: string[] }
export type Verdict =
  | 'expired'
  | 'completed'
  | 'closed'
  | 'taken'
  | 'dropped'
  | 'contact'
  | 'unanswered'
  | 'restart'
  | 'failed'
export type Saving = 'saved' | 'saving' | 'waiting'

// What this device remembers, and what is on its screen.
export type Place = { at: 'question'; index: number } | { at: 'check' } | { at: 'contact' }
export type Taking = {
  token: string
  mode: string
  answers: Record<string, Answer>
  place: Place
  hasContact: boolean
  isCompleted: boolean
  outbox: Outbox
}
export type Ending = '' | 'expired' | 'closed'
/** What a model writes: in the language of the participant. Without a text there is none. */
export type Written = { text: string; language: string | null }
export type Reflection = Written & { isWriting: boolean }
export type State = {
  taking: Taking | null
  /** A session of another device, whose link was opened. */
  offered: { token: string; session: Session } | null
  result: Result | null
  /** Null as long as nobody has asked for it. */
  reflection: Reflection | null
  /** What a model has remarked on the last answer. */
  insight: Written | null
  ending: Ending
  saving: Saving
  isKept: boolean
  isCopied: boolean
  note: '' | 'lostLink' | 'changed' | 'failed'
  /** The questions whose answers the server did not take. */
  dropped: readonly string[]
  wrong: { email?: boolean; consent?: boolean }
}
export type Situation = Pick<State, 'taking' | 'result' | 'ending'> & {
  definition: Definition
  offered: Session | null
  now: number
}
export type Screen =
  | 'intro'
  | 'offer'
  | 'question'
  | 'check'
  | 'contact'
  | 'finishing'
  | 'result'
  | 'early'
  | 'ended'
  | 'expired'

/** `path` is the campaign's, below the function's. */
export type Loaded =
  | { kind: 'found'; config: PageConfig; definition: Definition; path: string }
  | { kind: 'unreachable' }
  | { kind: 'unknown'; config: PageConfig | null }
export type Around = {
  config: PageConfig
  definition: Definition
  words: Words
  locale: string
  spoken: Spoken
  /** As `spoken`, for what is in this language. Null: in that of the questions. */
  spokenIn: (language: string | null) => Spoken
  reader: Reader | null
}
/** What reads questions aloud, if the tenant has it and the browser can. */
export type Reader = {
  /** Whether there is a voice for the language of the questions. */
  hasVoice: () => boolean
  isReading: () => boolean
  toggle: (sentences: string[]) => void
  stop: () => void
  /** Ends when this is another place than before. Whoever says so paints it. */
  stayAt: (place: string) => void
}
/** Properties of an element that has the assessment's words, where they are in another language than the page's own. */
export type Spoken = { lang?: string; dir?: 'auto' }
export type QuestionParts = {
  mode: Mode
  index: number
  answer: Answer | undefined
  words: Words
  spoken: Spoken
  note: string
  lastWord: string
  insight: { text: string; spoken: Spoken } | null
  /** Null where nothing can be read aloud. */
  aloud: { isReading: boolean; toggle: () => void } | null
  footer: unknown
  choose: (answer: Answer | null) => void
  /** Goes to the next question, and nowhere from the last one. */
  leadOn: () => void
  next: () => void
  back: (() => void) | null
}
