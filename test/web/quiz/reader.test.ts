import { describe, expect, it } from 'vitest'
import { createReader, sentencesOf, voiceFor } from '../../../web/quiz/src/reader.js'

const voice = (name: string, lang: string, localService = true) => ({ name, lang, localService })
const voices = [
  voice('Zoe', 'en-US', false),
  voice('Hedda', 'de-DE'),
  voice('Leni', 'de_CH', false),
  voice('Klaus', 'de_DE'),
]

describe('the voice', () => {
  it.each([
    ['the one that is preferred', 'de', 'Leni', 'Leni'],
    ['rather one on the device than one that sends the text away', 'de', null, 'Hedda'],
    ['rather one of exactly this language', 'de-CH', null, 'Leni'],
    ['one on the device, where the preferred one is not there', 'de-DE', 'Samantha', 'Hedda'],
    ['one of the language, where the preferred one speaks another', 'de', 'Zoe', 'Hedda'],
    ['one of the same language elsewhere', 'en-GB', null, 'Zoe'],
  ])('is %s', (_, language, preferred, name) => {
    expect(voiceFor(voices, language, preferred)?.name).toBe(name)
  })

  it('is none where the browser speaks other languages only, or nothing', () => {
    expect(voiceFor(voices, 'fr', 'Hedda')).toBeNull()
    expect(voiceFor([], 'de', null)).toBeNull()
    const parts = { language: 'de', preferred: null, changed: () => {} }
    expect(createReader({ ...parts, synthesis: undefined })).toBeNull()
  })
})

it('reads a question with the keys and numbers by which it is answered', () => {
  const item = { id: 'q', prompt: 'How often?' }
  const points = [
    { value: 1, key: '1', label: 'Never' },
    { value: 2, key: '2', label: '' },
  ]
  expect(sentencesOf({ ...item, choices: points }, true)).toEqual(['How often?', '1: Never', '2'])
  const options = [{ value: 'x', key: 'a', label: 'Often.' }]
  expect(sentencesOf({ ...item, choices: options }, false)).toEqual(['How often?', 'A: Often.'])
})
