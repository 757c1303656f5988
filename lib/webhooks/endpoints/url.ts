import { Problem } from '../../db/index.ts'
import { NetFault, parsePublicUrl, type UrlPolicy } from '../../net/index.ts'

/**
 * A URL as it is stored: in one spelling, and without the fragment, which no request carries. Each delivery resolves
 * its name and checks the addresses again. 422 invalid_value.
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
