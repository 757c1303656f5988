import { inject } from 'vitest'

const stack = inject('stack')

export interface CallOptions {
  method?: string
  token?: string
  apikey?: string
  /** The header x-tenant. */
  tenant?: string
  headers?: Record<string, string>
  /** Sent as JSON; bytes as they are. */
  body?: unknown
}

/** One request to an edge function through the gateway; redirects are not followed. */
export function call(
  path: string,
  { method, token, apikey, tenant, headers, body }: CallOptions = {},
): Promise<Response> {
  return fetch(`${stack.api_url}/functions/v1${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    redirect: 'manual',
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(apikey !== undefined && { apikey }),
      ...(tenant !== undefined && { 'x-tenant': tenant }),
      ...(body !== undefined && !isFile(body) && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: isFile(body) ? body : JSON.stringify(body) }),
  })
}

const isFile = (body: unknown): body is Uint8Array<ArrayBuffer> => body instanceof Uint8Array

/** What a refusal says, for comparing. */
export async function problemOf(
  response: Response,
): Promise<{ status: number; code: string; pointers: string[] }> {
  const document = (await response.json()) as { code: string; errors?: { pointer: string }[] }
  return {
    status: response.status,
    code: document.code,
    pointers: (document.errors ?? []).map(({ pointer }) => pointer),
  }
}
