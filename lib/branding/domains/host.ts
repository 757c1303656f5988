import { parse } from 'tldts'
import { type FieldError, Problem } from '../../db/index.ts'
import { baseDomains } from './base-domains.ts'
import { normaliseHost } from './normalise-host.ts'

/** Names that have a meaning on one network or machine only, or that are not hosts (RFC 6761, 8375, 9476). */
const specialUse = ['localhost', 'local', 'internal', 'invalid', 'onion', 'alt', 'arpa']
/** So that the name of the record, with its label in front, still fits into DNS. */
const maxHostLength = 253 - '_tenantry.'.length

/** The name of a host's record. */
export const recordName = (host: string): string => `_tenantry.${host}`

/**
 * The host somebody wants to use, in the form it is stored in. Refuses with 422 domain_invalid what is not
 * a domain name, and with 422 domain_reserved what nobody can own: public suffixes, the platform's own domains.
 */
export function checkHost(input: string): string {
  const host = normaliseHost(input.trim())
  if (host === null || !host.includes('.') || host.length > maxHostLength) {
    throw new Problem(
      'domain_invalid',
      'This is not a domain name. Give the host alone, such as quiz.example.com: no IP address, path or single word.',
      { errors: about('is not a domain name') },
    )
  }
  const isOurs = [...baseDomains(), ...specialUse].some((base) => host === base || host.endsWith(`.${base}`))
  if (isOurs) throw reserved(`The domain ${host} belongs to the platform, or to no public network.`)
  // With the private part of the list: the owner of a page at github.io does not own github.io.
  if (parse(host, { allowPrivateDomains: true }).domain === null)
    throw reserved(`Under ${host} anybody can register a name, so nobody can claim all of it.`)
  return host
}

function reserved(detail: string): Problem {
  return new Problem('domain_reserved', `${detail} Choose one of your own.`, {
    errors: about('cannot be claimed'),
  })
}

function about(detail: string): FieldError[] {
  return [{ pointer: '/host', detail }]
}
