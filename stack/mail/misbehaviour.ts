/**
 * How the receiver misbehaves, so that whoever sends can be tested against it. It does so for the recipients whose
 * local part begins with one of these words and a plus sign, as in `greylist+anything@example.com`, and for no others.
 *
 * | local part         | what happens |
 * |--------------------|--------------|
 * | `greylist+…`       | `RCPT` is answered with 451 the first time, and accepted from then on |
 * | `reject+…`         | `RCPT` is answered with 550; other recipients of the same message get it |
 * | `busy+…`           | `RCPT` is answered with 421, and the connection is closed |
 * | `too-large+…`      | the message is answered with 552 |
 * | `drop-kept+…`      | the message is kept, and the connection closed without an answer, the first time |
 * | `drop-lost+…`      | the message is lost, and the connection closed without an answer, the first time |
 * | `drop-always+…`    | the message is lost, and the connection closed without an answer, each time |
 * | `drip+20.…`        | the message is kept, and the answer takes 20 seconds, a line each 200 ms; at most 600 seconds |
 *
 * And for whoever signs in with a user name that begins with `refuse+`: 535. Every other name and password is accepted.
 *
 * "The first time" is the first time for that address since the stack started.
 */
type Mode = 'greylist' | 'reject' | 'busy' | 'too-large' | 'drop-kept' | 'drop-lost' | 'drop-always' | 'drip'

const pattern = /^(greylist|reject|busy|too-large|drop-kept|drop-lost|drop-always|drip)\+/i

export interface Refusal {
  code: number
  message: string
}

/** What is done with a message after its last line. */
export interface Ending {
  keeps: boolean
  answer: Refusal | 'accept' | 'none' | { dripSeconds: number }
}

export class Misbehaviour {
  /** What has happened once, as "mode address". */
  readonly #seen = new Set<string>()

  atSignIn(user: string): Refusal | null {
    return /^refuse\+/i.test(user) ? { code: 535, message: 'Authentication credentials invalid' } : null
  }

  atRecipient(address: string): Refusal | null {
    const mode = modeOf(address)
    if (mode === 'greylist' && this.#isFirst(address))
      return { code: 451, message: 'Greylisted, try again later' }
    if (mode === 'reject') return { code: 550, message: 'No such mailbox' }
    if (mode === 'busy') return { code: 421, message: 'Too busy, closing the connection' }
    return null
  }

  afterData(recipients: string[]): Ending {
    const dropped = recipients.find((address) => modeOf(address)?.startsWith('drop-'))
    if (dropped) {
      const mode = modeOf(dropped)
      if (mode === 'drop-always' || this.#isFirst(dropped))
        return { keeps: mode === 'drop-kept', answer: 'none' }
    }
    if (recipients.some((address) => modeOf(address) === 'too-large'))
      return { keeps: false, answer: { code: 552, message: 'The message is too large' } }
    const dripping = recipients.find((address) => modeOf(address) === 'drip')
    if (dripping) {
      const seconds = Number(dripping.match(/^drip\+(\d{1,4})/i)?.[1] ?? 1)
      return { keeps: true, answer: { dripSeconds: Math.min(seconds, 600) } }
    }
    return { keeps: true, answer: 'accept' }
  }

  #isFirst(address: string): boolean {
    const key = address.toLowerCase()
    if (this.#seen.has(key)) return false
    this.#seen.add(key)
    return true
  }
}

function modeOf(address: string): Mode | null {
  return (address.match(pattern)?.[1]?.toLowerCase() as Mode | undefined) ?? null
}
