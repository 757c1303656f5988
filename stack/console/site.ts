import { extname } from 'node:path'
import { say } from '../log.ts'
import { serveFolder } from '../web.ts'
import { builtConsole, consolePolicy, withProject } from './build.ts'

/** Whether a request's Host names the console. `console` is a reserved slug, so no tenant has this host. */
export const isConsoleHost = (host: string | undefined) => /^console\.localhost\.?(:\d+)?$/i.test(host ?? '')

const headers = {
  'content-security-policy': consolePolicy(''),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
}

/** Serves the console, and builds it for the first who asks. Every address without a file is its one page. */
export function consoleSite(root: string, publishableKey: string) {
  let served: Promise<ReturnType<typeof serveFolder>> | undefined
  const open = async () => {
    const folder = await builtConsole(root, say)
    // The API is on this site.
    const complete = (html: string) => withProject(html, { api: '', key: publishableKey })
    return serveFolder(folder, headers, complete)
  }
  return async (request: Request): Promise<Response> => {
    served ??= open()
    // A build that failed is tried again by the next who asks.
    served.catch(() => {
      served = undefined
    })
    const files = await served
    const { pathname } = new URL(request.url)
    return files(request, extname(pathname) === '' ? '/' : pathname)
  }
}
