import { App, setExperimental } from '@supabase/lite'
import { createPostgresConnection } from '@supabase/lite/postgres'
import { databaseUrl, type StackFile } from '../../secrets.ts'
import { folderAdapter } from './folder.ts'

export interface Storage {
  answer(request: Request): Promise<Response>
  close(): Promise<void>
}

/**
 * Storage by @supabase/lite, which knows no row level security for files yet. So only the service gets in, and whoever
 * has a signed link, or reads what is public: a hosted project whose buckets have no policies answers the same.
 */
export async function openStorage(
  file: StackFile,
  dbPort: number,
  apiUrl: string,
  folder: string,
): Promise<Storage> {
  setExperimental('storage', true)
  const connection = createPostgresConnection({
    url: databaseUrl(file, 'supabase_admin', dbPort),
    postgresOptions: { max: 2, onnotice: () => {} },
  })
  // As for Auth and REST: otherwise lite grants everything to anon and authenticated.
  Object.assign(connection, { rlsState: 'active' })
  const app = new App({
    connection,
    db: { migrations: { enabled: false } },
    api: { schemas: ['public'], external_url: apiUrl, anonymous_enabled: false },
    auth: {
      enabled: true,
      jwt_secret: file.jwt_secret,
      publishable_key: file.publishable_key,
      secret_key: file.secret_key,
      site_url: apiUrl,
    },
    storage: { enabled: true },
    studio: { enabled: false },
    options: { server: { admin: false, disableStudio: true, disableFallback: true } },
  })
  app._storageAdapter = folderAdapter(folder)
  await app.init()
  return {
    async answer(request) {
      if (!isSigned(request) && !isPublic(request) && request.headers.get('apikey') !== file.secret_key)
        return refused()
      const prefix = await listedFolder(request)
      return asHosted(request, await app.fetch(request), prefix)
    },
    close: () => connection.driver.end({ timeout: 1 }),
  }
}

/** The folder whose files are asked for; null for another request. */
async function listedFolder(request: Request): Promise<string | null> {
  if (request.method !== 'POST' || !new URL(request.url).pathname.startsWith('/storage/v1/object/list/'))
    return null
  const { prefix } = (await request.clone().json()) as { prefix?: string }
  return prefix ? `${prefix.replace(/\/$/, '')}/` : ''
}

/** Three answers of lite have another form than those of Supabase Storage: a signed link, a list, and a file to save. */
async function asHosted(request: Request, answer: Response, listed: string | null): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url)
  if (answer.ok && request.method === 'GET' && searchParams.has('download'))
    return asSaved(answer, searchParams.get('download') ?? '')
  if (!answer.ok || !answer.headers.get('content-type')?.includes('json')) return answer
  const body: unknown = await answer.json()
  if (Array.isArray(body) && listed !== null) {
    // The folders and files inside it, each once and by its own name.
    const names = new Map<string, object>()
    for (const file of body as { name: string }[]) {
      const [name = '', ...deeper] = file.name.slice(listed.length).split('/')
      names.set(name, deeper.length > 0 ? { name, id: null } : { ...file, name })
    }
    return Response.json([...names.values()], { status: answer.status })
  }
  const { signedUrl, token } = body as { signedUrl?: string; token?: string }
  if (signedUrl === undefined) return Response.json(body, { status: answer.status })
  const url = signedUrl.replace(/^\/storage\/v1/, '')
  const isUpload = pathname.startsWith('/storage/v1/object/upload/sign/')
  return Response.json(isUpload ? { url, token } : { signedURL: url }, { status: answer.status })
}

/** With the header that makes a browser save the file under a name. lite does not know the parameter. */
function asSaved(answer: Response, name: string): Response {
  const encoded = encodeURIComponent(name)
  const headers = new Headers(answer.headers)
  headers.set(
    'content-disposition',
    name === '' ? 'attachment;' : `attachment; filename=${encoded}; filename*=UTF-8''${encoded}`,
  )
  return new Response(answer.body, { status: answer.status, headers })
}

/** A link that somebody with the secret key has signed. lite checks its token. */
function isSigned(request: Request): boolean {
  const { pathname, searchParams } = new URL(request.url)
  return /^\/storage\/v1\/object\/(upload\/)?sign\//.test(pathname) && searchParams.has('token')
}

/** A file of a public bucket, which anybody may read. lite refuses those of others. */
function isPublic({ method, url }: Request): boolean {
  return method === 'GET' && new URL(url).pathname.startsWith('/storage/v1/object/public/')
}

function refused(): Response {
  const body = {
    statusCode: '403',
    error: 'Unauthorized',
    message: 'new row violates row-level security policy',
  }
  return Response.json(body, { status: 400, headers: { 'access-control-allow-origin': '*' } })
}
