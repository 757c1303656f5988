import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { extname, join, resolve, sep } from 'node:path'
import { gzipSync } from 'node:zlib'
import { fontFiles } from './fonts.ts'

const contentTypes: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

// A brand's logo may live anywhere on https; everything else comes from here.
// No frame-ancestors: tenants show their page in frames on their own sites.
const securityHeaders = {
  'content-security-policy': [
    "default-src 'self'",
    "img-src 'self' https: data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
}

/** No other page may put a frame around the button of a mail's link, and lead somebody to press it. */
const unframed = {
  ...securityHeaders,
  'content-security-policy': `${securityHeaders['content-security-policy']}; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
}

/**
 * Serves the files of web/page/, whatever the Host: the page asks for its own tenant. Below /confirm/ are those of
 * web/confirm/, where the links of Auth's mails lead, below /join/ those of web/join/, where invitations lead, and below
 * /register/ those of web/register/. Below /unsubscribe/ are those of web/unsubscribe/, where mails end. A folder is its
 * index.html. Into these pages goes what an operator puts there for a hosted project: the key, and the application that
 * people go on to. Below /quiz/ are those of web/quiz/, where a campaign is taken, in frames on tenants' own sites too.
 * Below /fonts/ is what "npm run fonts" writes for a hosted project.
 */
export function staticFiles(root: string, publishableKey: string): (request: Request) => Promise<Response> {
  const page = serveFolder(resolve(root, 'web/page'), securityHeaders)
  const withProject = (html: string, { port }: URL) =>
    html
      .replace(
        '<meta name="tenantry-key" content="">',
        `<meta name="tenantry-key" content="${publishableKey}">`,
      )
      .replace(
        '<meta name="tenantry-app" content="/">',
        `<meta name="tenantry-app" content="http://console.localhost:${port}/">`,
      )
  const fonts = serveFonts(root)
  const folder = (name: string) => resolve(root, 'web', name)
  const folders = [
    ...['confirm', 'join', 'register', 'unsubscribe'].map((name) => ({
      path: `/${name}`,
      serve: serveFolder(folder(name), unframed, withProject),
    })),
    { path: '/quiz', serve: serveFolder(folder('quiz'), securityHeaders) },
  ]
  return async (request) => {
    const { pathname } = new URL(request.url)
    if (pathname.startsWith('/fonts/')) return fonts(request, pathname.slice('/fonts/'.length))
    for (const { path, serve } of folders) {
      if (pathname === path) return new Response(null, { status: 308, headers: { location: `${path}/` } })
      if (pathname.startsWith(`${path}/`)) return serve(request, pathname.slice(path.length))
    }
    return page(request, pathname)
  }
}

function serveFonts(root: string) {
  // Once somebody wants one: reading the packages takes some milliseconds.
  let files: ReturnType<typeof fontFiles> | undefined
  return (request: Request, path: string): Response => {
    const refusal = refusalOf(request, securityHeaders)
    if (refusal) return refusal
    files ??= fontFiles(root)
    const read = files.get(path)
    if (!read) return notFound(securityHeaders)
    const content = read()
    const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`
    const headers = {
      ...securityHeaders,
      'content-type': contentTypes[extname(path)]!,
      'cache-control': extname(path) === '.css' ? 'no-cache' : forEver,
      etag,
    }
    if (isFresh(request, etag)) return new Response(null, { status: 304, headers })
    if (request.method === 'HEAD') return new Response(null, { headers })
    return sent(request, content, headers, path)
  }
}

/** Whether the browser has this version. It names a compressed one weakly. */
const isFresh = (request: Request, etag: string) =>
  request.headers.get('if-none-match')?.replace(/^W\//, '') === etag

/** A file whose name has its version. */
const forEver = 'public, max-age=31536000, immutable'

/** Files as they are sent compressed, by their path: a page asks for dozens, and they seldom change. */
const compressed = new Map<string, { etag: string; content: Uint8Array<ArrayBuffer> }>()

/** The answer with a file, compressed for whoever takes that. What has a path is compressed once for each version. */
function sent(request: Request, content: Buffer, headers: Record<string, string>, path?: string): Response {
  if (!/^(text|application)\/|svg/.test(headers['content-type']!) || content.length < 1024)
    return new Response(new Uint8Array(content), { headers })
  const varied = { ...headers, vary: 'accept-encoding' }
  if (!/\bgzip\b(?!\s*;\s*q=0)/i.test(request.headers.get('accept-encoding') ?? ''))
    return new Response(new Uint8Array(content), { headers: varied })
  const etag = headers.etag!
  let kept = path === undefined ? undefined : compressed.get(path)
  if (kept?.etag !== etag) {
    kept = { etag, content: new Uint8Array(gzipSync(content)) }
    if (path !== undefined) compressed.set(path, kept)
  }
  return new Response(kept.content, {
    headers: { ...varied, 'content-encoding': 'gzip', etag: `W/${etag}` },
  })
}

/** The answer to what is no request for a file. */
function refusalOf(request: Request, headers: Record<string, string>): Response | undefined {
  if (request.method === 'GET' || request.method === 'HEAD') return undefined
  return new Response('Method Not Allowed\n', { status: 405, headers: { ...headers, allow: 'GET, HEAD' } })
}

function notFound(headers: Record<string, string>): Response {
  return new Response('Not Found\n', {
    status: 404,
    headers: { ...headers, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  })
}

/** Serves the files of a folder as they lie there, but for what `complete` does to pages. What `isKept` is kept for ever. */
export function serveFolder(
  folder: string,
  securityHeaders: Record<string, string>,
  complete: (html: string, url: URL) => string = (html) => html,
  isKept: (pathname: string) => boolean = () => false,
) {
  return async (request: Request, pathname: string): Promise<Response> => {
    const refusal = refusalOf(request, securityHeaders)
    if (refusal) return refusal
    const path = await findFile(folder, pathname)
    if (!path) return notFound(securityHeaders)
    const found = await stat(path)
    const etag = `"${found.size.toString(36)}-${found.mtimeMs.toString(36)}"`
    const headers = {
      ...securityHeaders,
      'content-type': contentTypes[extname(path)]!,
      'cache-control': isKept(pathname) ? forEver : 'no-cache',
      etag,
    }
    if (isFresh(request, etag)) return new Response(null, { status: 304, headers })
    if (request.method === 'HEAD') return new Response(null, { headers })
    const content = await readFile(path)
    if (extname(path) !== '.html') return sent(request, content, headers, path)
    return sent(request, Buffer.from(complete(content.toString(), new URL(request.url))), headers)
  }
}

/** The file for a URL path, or null: only known types, nothing hidden, nothing outside the folder. */
async function findFile(folder: string, pathname: string): Promise<string | null> {
  let decoded: string
  try {
    decoded = decodeURIComponent(pathname)
  } catch {
    return null
  }
  if (decoded.includes('\0') || decoded.includes('\\') || /(^|\/)\./.test(decoded)) return null
  const path = resolve(join(folder, decoded === '/' ? 'index.html' : decoded))
  if (!path.startsWith(folder + sep) || !(extname(path) in contentTypes)) return null
  const found = await stat(path).catch(() => null)
  return found?.isFile() ? path : null
}
