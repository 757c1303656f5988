import createFetchClient, { type ParseAs } from 'openapi-fetch'
import type { Answer, Method, TenantryClient } from './contract.ts'
import { type Credentials, credentialHeaders } from './credentials.ts'
import { UnexpectedAnswer } from './problem.ts'
import { defaultRetry, isRepeatable, type RetryOptions } from './retry.ts'
import { type Received, send } from './send.ts'

export interface ClientOptions extends Credentials {
  /** The project's URL, such as https://<ref>.supabase.co. */
  url: string
  /** The slug or ref_id of the tenant that is meant. A member of exactly one tenant may leave it out. */
  tenant?: string | undefined
  retry?: RetryOptions
  /** How long one attempt may take. Default 60. */
  timeoutSeconds?: number
  /** Another fetch than the global one. */
  fetch?: typeof globalThis.fetch
}

/** What a call may say besides the parameters and the body of its route. */
interface Init {
  body?: unknown
  parseAs?: ParseAs
  signal?: AbortSignal
}

/**
 * A client of Tenantry's edge functions, with every route, parameter and answer typed.
 *
 * Its methods answer `{ data, response }` and throw: `Problem` for a refusal, `UnexpectedAnswer` for what is no
 * answer of the API, `NetworkFault` when none arrived, and the signal's reason when the call was aborted.
 *
 * @example
 * const tenantry = createClient({ url: 'https://<ref>.supabase.co', apiKey: process.env.TENANTRY_KEY })
 * const { data } = await tenantry.GET('/branding/brand')
 */
export function createClient(options: ClientOptions): TenantryClient {
  const readCredentials = credentialHeaders(options)
  const { tenant, timeoutSeconds = 60, fetch = (...given) => globalThis.fetch(...given) } = options
  const retry = { ...defaultRetry, ...options.retry }
  const core = createFetchClient<Record<string, never>>({
    baseUrl: `${projectUrl(options.url)}/functions/v1`,
    pathSerializer: fillPath,
  })

  async function call(method: Method, path: string, init: Init = {}): Promise<Answer<unknown>> {
    const { parseAs = 'json', ...given } = init
    let received: Received | undefined
    const transport = async (request: Request): Promise<Response> => {
      received = await send(request, {
        fetch,
        retry,
        timeoutSeconds,
        isRepeatable: isRepeatable(method, path, init.body),
        isStreamed: parseAs !== 'json' && parseAs !== 'text',
        signal: init.signal,
        readHeaders: async () => ({ ...(await readCredentials()), ...(tenant && { 'x-tenant': tenant }) }),
      })
      return received.response
    }
    // "stream" leaves the body alone: it was read with the attempt, where a cut can still be retried.
    const untyped = core.request as unknown as (
      method: string,
      path: string,
      init: object,
    ) => Promise<unknown>
    await untyped(method, path, { ...given, parseAs: 'stream', fetch: transport })
    const { response, text } = received!
    return { data: await parse(response, text, parseAs), response }
  }

  const bind =
    (method: Method) =>
    (path: string, init?: Init): Promise<Answer<unknown>> =>
      call(method, path, init)
  return {
    GET: bind('GET'),
    POST: bind('POST'),
    PUT: bind('PUT'),
    PATCH: bind('PATCH'),
    DELETE: bind('DELETE'),
    list: (path: string, init?: Init) => listItems((query) => call('GET', path, withQuery(init, query))),
  } as unknown as TenantryClient
}

/**
 * Every item of a list, page after page. The next page is asked for when the loop gets there, so leaving
 * the loop early asks for no more.
 */
async function* listItems(
  readPage: (query: Record<string, string>) => Promise<Answer<unknown>>,
): AsyncGenerator<unknown, void, undefined> {
  let cursor: string | undefined
  do {
    const { data } = await readPage(cursor === undefined ? {} : { cursor })
    const page = data as Record<string, unknown> & { next_cursor?: string | null }
    // A page has one list: its items, under their plural noun.
    yield* Object.values(page).find(Array.isArray) ?? []
    const next = page.next_cursor ?? undefined
    if (next !== undefined && next === cursor) throw new Error('The server gave the same cursor twice.')
    cursor = next
  } while (cursor !== undefined)
}

async function parse(response: Response, text: string | undefined, parseAs: ParseAs): Promise<unknown> {
  if (response.status === 304) return undefined
  if (parseAs === 'stream') return response.body
  if (text === undefined) return parseAs === 'blob' ? response.blob() : response.arrayBuffer()
  if (parseAs === 'text') return text
  if (response.status === 204) return undefined
  if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(response.headers.get('content-type') ?? '')) {
    throw new UnexpectedAnswer(response, text)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new UnexpectedAnswer(response, text, { cause })
  }
}

function projectUrl(url: string): string {
  const { protocol, origin, pathname } = new URL(url)
  if (protocol !== 'https:' && protocol !== 'http:') throw new TypeError('url must be an http or https URL.')
  return `${origin}${pathname}`.replace(/\/+$/, '')
}

/** Fills {names} in. A URL drops "." and "..": as a value they would lead to another route. */
function fillPath(template: string, values: Record<string, unknown>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(values[name] ?? '')
    if (value === '' || value === '.' || value === '..') {
      throw new TypeError(`The path parameter "${name}" must be given, and be neither "." nor "..".`)
    }
    return encodeURIComponent(value)
  })
}

function withQuery(init: object | undefined, more: Record<string, string>): Init {
  const given = (init ?? {}) as { params?: { query?: object } }
  return { ...given, params: { ...given.params, query: { ...given.params?.query, ...more } } } as Init
}
