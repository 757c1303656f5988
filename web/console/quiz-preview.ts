// A campaign as participants get it, by the modules that they run. Nothing is sent: an answer goes as far as this page.
import { speak } from '../page/language.js'
import { applyTheme } from '../page/theme.js'
import { parseDefinition } from '../quiz/src/definition.js'
import type { Actions, Around, Mode, PageConfig, Place, State, Taking } from '../quiz/src/model.d.ts'
import { paint } from '../quiz/src/paint.js'
import { modeOf, placeAfter, placeBefore } from '../quiz/src/screens.js'
import english from '../quiz/words/en.js'
import { onDraft } from './preview-frame.ts'

const others = {
  de: () => import('../quiz/words/de.js'),
  fr: () => import('../quiz/words/fr.js'),
  es: () => import('../quiz/words/es.js'),
  it: () => import('../quiz/words/it.js'),
}

async function wordsOf(language: string) {
  if (!Object.hasOwn(others, language)) return { language: 'en', words: english }
  return { language, words: (await others[language as keyof typeof others]()).default }
}

const calm: Omit<State, 'taking'> = {
  ...{ offered: null, result: null, reflection: null, insight: null, ending: '', saving: 'saved' },
  ...{ isKept: true, isCopied: false, note: '', dropped: [], wrong: {} },
}
let around: Around | null = null
let taking: Taking | null = null

function show(next: Taking | null = taking): void {
  taking = next
  if (around) paint(around, { ...calm, taking }, actions)
}

/** Goes to what comes next of it. After the last question it begins again, because nobody is scored here. */
function go(of: (mode: Mode, now: Taking) => Place | 'finish' | null): void {
  const mode = around && taking && modeOf(around.definition, taking)
  const place = mode && taking && of(mode, taking)
  show(taking && place && place !== 'finish' ? { ...taking, place } : null)
}

const begin = (mode: string): Taking => ({
  ...{ token: '', mode, answers: {}, place: { at: 'question', index: 0 }, hasContact: false },
  isCompleted: false,
  outbox: { start: null, answers: {}, contact: null, isFinishing: false },
})
const next = () => go((mode, now) => placeAfter(around!.definition, mode, now))
const restart = () => show(null)
const actions = {
  start: (mode: string) => show(begin(mode)),
  choose: (id: string, answer: number | string | null) => {
    if (!taking) return
    const { [id]: _, ...rest } = taking.answers
    show({ ...taking, answers: answer === null ? rest : { ...rest, [id]: answer } })
  },
  ...{ next, leadOn: next, back: () => go((mode, now) => placeBefore(mode, now.place)) },
  goTo: (place: Place) => go(() => place),
  ...{ sendContact: restart, finish: restart, startAgain: restart },
  ...{ markContact: () => {}, copied: () => {} },
} as unknown as Actions

onDraft(async (config: PageConfig, { campaign }) => {
  const definition = parseDefinition(campaign)
  if (!definition) return
  applyTheme(config)
  const { locale } = config
  const { language, words } = await wordsOf(locale.toLowerCase().split('-')[0] ?? '')
  speak(locale.toLowerCase().startsWith(language) ? locale : language)
  // As if it were open: what is seen is the draft of the brand.
  const open = { ...definition, isOpen: true, readsAloud: false }
  around = { config, definition: open, words, locale, spoken: {}, spokenIn: () => ({}), reader: null }
  if (taking && !modeOf(open, taking)) taking = null
  show()
})
