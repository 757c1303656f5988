import { randomInt } from 'node:crypto'
import { messageOf } from '../../../failure.ts'

/** A callback that is refused, and why, in one sentence. */
export class CallbackRefused extends Error {}

/**
 * Asks a callback whether it is wanted, as Meta does when it is set: it has to answer with the challenge and nothing else.
 * Nothing leaves this machine, so a callback is on it.
 */
export async function shakeHands(callback: string, verifyToken: string): Promise<void> {
  const url = readCallback(callback)
  const challenge = String(randomInt(100_000_000, 2_000_000_000))
  url.searchParams.set('hub.mode', 'subscribe')
  url.searchParams.set('hub.challenge', challenge)
  url.searchParams.set('hub.verify_token', verifyToken)
  let answer: Response
  try {
    answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(10_000) })
  } catch (error) {
    throw new CallbackRefused(`The callback does not answer: ${messageOf(error)}.`)
  }
  const body = await answer.text()
  if (answer.status !== 200)
    throw new CallbackRefused(`The callback answers ${answer.status} to the handshake, and not 200.`)
  if (body !== challenge) throw new CallbackRefused('The callback does not answer with the bare challenge.')
}

function readCallback(callback: string): URL {
  const url = URL.canParse(callback) ? new URL(callback) : null
  if (!url || !/^https?:$/.test(url.protocol)) throw new CallbackRefused('The callback is no address.')
  if (!/^(127(\.\d+){3}|\[::1\]|localhost)$/.test(url.hostname))
    throw new CallbackRefused('The callback is not on this machine, which nothing leaves.')
  return url
}
