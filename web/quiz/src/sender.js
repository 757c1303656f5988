// @ts-check
import { nextSending } from './outbox.js'

/** @import { Outbox, Reply, Saving, Sending } from './model.d.ts' */

const LONGEST_SECONDS = 30

/** Nothing is wrong with such a request: it is sent again. @param {number} status */
export const isPassing = (status) => status === 0 || status === 408 || status === 429 || status >= 500

/**
 * Up to half a minute, and of different length on each device, or as long as the server says.
 * @param {number} failures in a row, from 1 @param {number} retryAfterSeconds @param {number} random 0 to 1
 */
export function waitSeconds(failures, retryAfterSeconds, random) {
  const backoff = Math.min(LONGEST_SECONDS, 2 ** (failures - 1)) * (0.75 + random / 2)
  return Math.max(backoff, Math.min(retryAfterSeconds, 300))
}

/**
 * Sends what is in the outbox, one request after the other, until nothing is left in it.
 * @param {{
 *   outbox: () => Outbox | null,
 *   send: (sending: Sending) => Promise<Reply>,
 *   settle: (sending: Sending, reply: Reply) => void,
 *   say: (saving: Saving) => void,
 *   wait: (seconds: number) => { over: Promise<void>, end: () => void },
 * }} parts `settle` takes an answered request out of the outbox, or answers null for the outbox from then on
 */
export function createSender({ outbox, send, settle, say, wait }) {
  let isRunning = false
  let endPause = () => {}

  const next = () => {
    const current = outbox()
    return current && nextSending(current)
  }

  async function run() {
    let failures = 0
    for (let sending = next(); sending; sending = next()) {
      if (failures === 0) say('saving')
      const reply = await send(sending)
      if (isPassing(reply.status)) {
        say('waiting')
        const pause = wait(waitSeconds(++failures, reply.retryAfterSeconds, Math.random()))
        endPause = pause.end
        await pause.over
      } else {
        failures = 0
        settle(sending, reply)
      }
    }
    say('saved')
  }

  return {
    /** There is something to send. */
    start() {
      if (isRunning) return
      isRunning = true
      run().finally(() => {
        isRunning = false
      })
    },
    /** The network may be back. */
    hurry: () => endPause(),
  }
}
