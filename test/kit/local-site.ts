import { request } from 'node:http'
import { text } from 'node:stream/consumers'

export interface SiteAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

export interface SiteRequest {
  method?: string
  headers?: Record<string, string>
  body?: string | Uint8Array
}

/** A request to a site of the gateway, such as mail.localhost. Node resolves no *.localhost, so the name stands in the Host alone. */
export function askSite(
  url: string,
  path: string,
  { method = 'GET', headers, body }: SiteRequest = {},
): Promise<SiteAnswer> {
  const { host, port } = new URL(url)
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, method, headers: { host, ...headers } })
      .on('response', async (response) =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: await text(response) }),
      )
      .on('error', reject)
      .end(body)
  })
}
