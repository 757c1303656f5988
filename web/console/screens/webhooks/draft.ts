import type { Endpoint, EndpointChange, NewEndpoint } from '../../api/webhooks.ts'

/** What stands in the form of an endpoint. */
export interface Draft {
  kind: 'push' | 'poll'
  url: string
  description: string
  /** Null: every type that is not operational. */
  types: ReadonlySet<string> | null
  scheme: 'hmac' | 'ed25519'
  /** One that the receiver has already. */
  secret: string
  /** New headers and new values, "name: value" in each line. */
  headers: string
  /** Headers that are taken away, by name. */
  removed: ReadonlySet<string>
  staticName: string
  staticValue: string
  rate: string
}

/** Fields that are changed by a button instead, or cannot be changed, are left as they are. */
export const draftOf = (endpoint?: Endpoint): Draft => ({
  kind: endpoint?.kind ?? 'push',
  url: endpoint?.url ?? '',
  description: endpoint?.description ?? '',
  types: endpoint?.event_types ? new Set(endpoint.event_types) : null,
  scheme: endpoint?.scheme ?? 'hmac',
  secret: '',
  headers: '',
  removed: new Set(),
  staticName: endpoint?.static_header ?? '',
  staticValue: '',
  rate: endpoint?.rate_limit_per_second ? String(endpoint.rate_limit_per_second) : '',
})

/** The headers that were typed. A line without a colon is no header. */
export function headersIn(text: string): { headers: Record<string, string>; wrong: string | undefined } {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const wrong = lines.find((line) => !/^[^:]+:./.test(line.trim()))
  const pairs = lines.map((line) => {
    const at = line.indexOf(':')
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()]
  })
  return { headers: Object.fromEntries(pairs), wrong }
}

const rateOf = ({ rate }: Draft) => (rate.trim() === '' ? null : Number(rate))
const typesOf = ({ types }: Draft) => types && [...types].sort()

export function toNew(draft: Draft): NewEndpoint {
  const { kind, url, description, scheme, secret, staticName, staticValue } = draft
  const { headers } = headersIn(draft.headers)
  const rate = rateOf(draft)
  return {
    kind,
    event_types: typesOf(draft),
    scheme,
    ...(description && { description }),
    ...(secret && { secret }),
    ...(kind === 'push' && {
      url,
      ...(Object.keys(headers).length > 0 && { headers }),
      ...(staticName && { static_header: { name: staticName, value: staticValue } }),
      ...(rate !== null && { rate_limit_per_second: rate }),
    }),
  }
}

/** What differs from the endpoint as it was read. */
export function toChange(draft: Draft, endpoint: Endpoint): EndpointChange {
  const { url, description, removed, staticName, staticValue } = draft
  const headers = {
    ...Object.fromEntries([...removed].map((name) => [name, null])),
    ...headersIn(draft.headers).headers,
  }
  const types = typesOf(draft)
  const rate = rateOf(draft)
  const isStaticChanged = staticName !== (endpoint.static_header ?? '') || staticValue !== ''
  return {
    ...(url !== (endpoint.url ?? '') && { url }),
    ...(description !== endpoint.description && { description }),
    ...(JSON.stringify(types) !==
      JSON.stringify(endpoint.event_types && [...endpoint.event_types].sort()) && {
      event_types: types,
    }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(isStaticChanged && {
      static_header: staticName === '' ? null : { name: staticName, value: staticValue },
    }),
    ...(rate !== endpoint.rate_limit_per_second && { rate_limit_per_second: rate }),
  }
}
