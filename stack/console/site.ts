import { extname } from 'node:path'
import { say } from '../log.ts'
import { serveFolder } from '../web.ts'
import {
  builtConsole,
  consolePolicy,
  embedPaths,
  embedPolicy,
  mailPath,
  mailPolicy,
  withProject,
} from './build.ts'

/** Whether a request's Host names the console. `console` is a reserved slug, so no tenant has this host. */
export const isConsoleHost = (host: string | undefined) => /^console\.localhost\.?(:\d+)?$/i.test(host ?? '')

const headers = {
  'content-security-policy': consolePolicy(''),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
}

const embedHeaders = { ...headers, 'content-security-policy': embedPolicy('') }
const mailHeaders = { ...headers, 'content-security-policy': mailPolicy('') }

/** A file of the build has its version in its name. */
const isKept = (pathname: string) => pathname.startsWith('/assets/')

type Serve = ReturnType<typeof serveFolder>

/**
 * Serves the console. Whoever opens a page gets it as its sources are now: it is built if they have changed. Every address
 * without a file is its one page, but for those that are made for frames.
 */
export function consoleSite(root: string, publishableKey: string) {
  // The API is on this site.
  const complete = (html: string) => withProject(html, { api: '', key: publishableKey })
  let opening: Promise<Serve> | undefined
  let opened: Serve | undefined
  /** Pages that are opened at once share a build. One that failed is tried again by the next. */
  const open = () => {
    opening ??= builtConsole(root, say)
      .then((folder) => {
        const serve = serveFolder(folder, headers, complete, isKept)
        const serveEmbed = serveFolder(folder, embedHeaders, complete)
        const serveMail = serveFolder(folder, mailHeaders, complete)
        return (request: Request, pathname: string) => {
          if (embedPaths.includes(pathname.replace(/\/$/, ''))) return serveEmbed(request, '/embed.html')
          if (pathname === mailPath) return serveMail(request, pathname)
          return serve(request, extname(pathname) === '' ? '/' : pathname)
        }
      })
      .finally(() => {
        opening = undefined
      })
    return opening
  }
  return async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url)
    const isPage = ['', '.html'].includes(extname(pathname))
    if (isPage || !opened) opened = await open()
    return opened(request, pathname)
  }
}
