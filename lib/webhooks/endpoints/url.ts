import { Problem } from '../../db/index.ts'
import { NetFault, parsePublicUrl, type UrlPolicy } from '../../net/index.ts'

/**
 * A URL as it is stored: spelled the one way every part of us reads it, without the fragment that no
 * request carries. Names are resolved at each delivery, which judges them again. 422 invalid_value.
 */
export function deliverableUrl(text: string, policy?: UrlPolicy): string {
  try {
    const url = parsePublicUrl(text, policy)
    url.hash = ''
    return url.href
  } catch (thrown) {
    if (!(thrown instanceof NetFault)) throw thrown
    const errors = [{ pointer: '/url', detail: 'must be the https URL of a public server' }]
    throw new Problem('invalid_value', thrown.message, { errors, cause: thrown })
  }
}
