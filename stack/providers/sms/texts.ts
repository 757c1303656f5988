import { randomBytes } from 'node:crypto'

/** An SMS as a telephone got it. */
export interface Text {
  sid: string
  to: string
  from: string
  body: string
  at: string
}

const mostTexts = 200

/** Every SMS that the stack has sent, the newest first. They are gone with the process: a code is of no use later. */
export class Texts {
  #texts: Text[] = []

  add(text: Pick<Text, 'to' | 'from' | 'body'>): Text {
    const kept = { sid: `SM${randomBytes(16).toString('hex')}`, ...text, at: new Date().toISOString() }
    this.#texts = [kept, ...this.#texts].slice(0, mostTexts)
    return kept
  }

  all(): Text[] {
    return this.#texts
  }
}
