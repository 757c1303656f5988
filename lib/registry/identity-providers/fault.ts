import { fetchPublic, NetFault, type PublicAnswer, type PublicRequest } from '../../net/index.ts'

/** Why an identity provider cannot be trusted. `message` is for its tenant's managers to read. */
export class IdpFault extends Error {
  /**
   * Nothing is known to be wrong with the settings. The provider does not answer right now, or what answered is not
   * shown to be the provider. What was found before still counts.
   */
  readonly isPassing: boolean

  constructor(message: string, { isPassing = false, cause }: { isPassing?: boolean; cause?: unknown } = {}) {
    super(message, { cause })
    this.name = 'IdpFault'
    this.isPassing = isPassing
  }
}

/** How providers are reached. Tests bring a resolver and an authority of their own. */
export type Reach = Pick<PublicRequest, 'policy' | 'resolve' | 'ca'>

const maxBytes = 262_144
const timeoutMs = 5_000

/** Fetches a document of the provider. An error message begins with `what`. */
export async function ask(
  what: string,
  url: string,
  reach: Reach,
  request: Pick<PublicRequest, 'method' | 'headers' | 'body'> = {},
): Promise<PublicAnswer> {
  let answer: PublicAnswer
  try {
    answer = await fetchPublic(url, { ...request, ...reach, timeoutMs, maxBytes })
  } catch (thrown) {
    if (!(thrown instanceof NetFault)) throw thrown
    throw new IdpFault(`${what}: ${thrown.message}`, { isPassing: thrown.isPassing, cause: thrown })
  }
  const { status } = answer
  if (status >= 500 || status === 429)
    throw new IdpFault(`${what}: the server answered ${status}.`, { isPassing: true })
  return answer
}

/** The text of an answer that must be 200 and UTF-8. A redirect is refused, because it could lead anywhere. */
export function textOf(what: string, { status, bytes }: PublicAnswer): string {
  if (status >= 300 && status < 400)
    throw new IdpFault(`${what}: the server redirects, which is not followed. Give the final URL.`)
  if (status !== 200) throw new IdpFault(`${what}: the server answered ${status} instead of 200.`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new IdpFault(`${what}: the answer is not UTF-8 text.`)
  }
}

export function jsonOf(what: string, answer: PublicAnswer): unknown {
  const text = textOf(what, answer)
  try {
    return JSON.parse(text)
  } catch {
    throw new IdpFault(`${what}: the answer is not JSON.`)
  }
}
