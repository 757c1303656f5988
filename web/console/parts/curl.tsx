import { project } from '../api/project.ts'
import { words } from '../app/words/words.ts'
import { Code } from './code.tsx'
import { usePortal } from './portal.ts'

interface Props {
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below functions/v1, as in the API's description. */
  path: string
  /** For the routes that take the tenant from a header. */
  tenant?: string
  etag?: string
  body?: unknown
  /** What it does, if it is not what the form above it does. */
  title?: string
}

/** The same change as a command. The token is left for the reader to fill in: a command line is kept in a history. */
export function Curl({ method, path, tenant, etag, body, title = words.asCurl }: Props) {
  // Whoever looks through a frame has no token to fill in.
  if (usePortal()) return null
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
  const headers = {
    ...(project.publishableKey && { apikey: project.publishableKey }),
    ...(tenant && { 'x-tenant': tenant }),
    ...(etag && { 'if-match': etag }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  }
  const command = [
    `curl -X ${method} ${quoted(`${project.url}/functions/v1${path}`)}`,
    `-H "authorization: Bearer $ACCESS_TOKEN"`,
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`-d ${quoted(JSON.stringify(body))}`]),
  ].join(' \\\n  ')
  return (
    <details>
      <summary>{title}</summary>
      <Code>{command}</Code>
    </details>
  )
}
