import { fetchPublic, NetFault, type PublicRequest } from '../../net/index.ts'
import type { RouteResult } from './schema.ts'

export type FindRoute = (host: string) => Promise<RouteResult>

const timeoutMs = 5_000
/** The mark stands in the head of the page. */
const maxBytes = 65_536
/** Every copy of web/page has this tag, wherever it is served. */
const mark = '<meta name="tenantry-api"'

interface Options extends Pick<PublicRequest, 'policy' | 'resolve' | 'ca'> {
  port?: number
}

/**
 * Whether a visitor of this host sees the page of tenants, over HTTPS and with a certificate that is trusted. One request,
 * which follows no redirect and reaches nothing inside a network. The host is somebody else's, so ask only for one whose
 * record was found. Never rejects because of the other server.
 */
export async function findRoute(host: string, { port, ...options }: Options = {}): Promise<RouteResult> {
  try {
    const { status, bytes } = await fetchPublic(`https://${host}${port ? `:${port}` : ''}/`, {
      ...options,
      ...{ headers: { accept: 'text/html' }, timeoutMs, maxBytes, whenLonger: 'cut' },
    })
    const isOurs = status === 200 && new TextDecoder().decode(bytes).includes(mark)
    return isOurs ? 'page_shown' : 'another_page'
  } catch (thrown) {
    if (!(thrown instanceof NetFault)) throw thrown
    if (thrown.code === 'unknown_host') return 'no_address'
    if (thrown.code === 'address_refused' || thrown.code === 'url_refused') return 'not_public'
    return thrown.code === 'untrusted' ? 'not_trusted' : 'not_reached'
  }
}
