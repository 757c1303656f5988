import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer, text } from 'node:stream/consumers'

/** What the CLI says about a function beside its files. Paths are relative to the project's folder. */
interface FunctionMetadata {
  name: string
  entrypoint_path: string
  import_map_path: string
  verify_jwt: boolean
  static_patterns?: string[]
}

export interface UploadedFunction {
  slug: string
  metadata: FunctionMetadata
  /** Text by relative path, exactly as sent. */
  files: Map<string, string>
}

export interface ManagementApi {
  url: string
  /** "METHOD /path", without the query, in the order they came. */
  requests: string[]
  /** What is live: bundled by one request each, made live together by the last. */
  live: Map<string, UploadedFunction>
  stop(): Promise<void>
}

/** Plays the parts of api.supabase.com that `supabase functions deploy --use-api` talks to. */
export async function startManagementApi(ref: string, accessToken: string): Promise<ManagementApi> {
  const bundled = new Map<string, UploadedFunction>()
  const live: ManagementApi['live'] = new Map()
  const requests: string[] = []
  const project = `/v1/projects/${ref}`

  async function answer(request: IncomingMessage): Promise<[status: number, body: unknown]> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const route = `${request.method} ${url.pathname}`
    requests.push(route)
    if (request.headers.authorization !== `Bearer ${accessToken}`) return [401, { message: 'Unauthorized' }]
    switch (route) {
      case `GET ${project}`:
        return [200, { id: ref, ref, name: 'tenantry', organization_id: 'example', region: 'eu-central-1' }]
      case `GET ${project}/functions`:
        return [200, [...live.values()].map(describe)]
      case `POST ${project}/functions/deploy`: {
        const uploaded = await readUpload(request, url.searchParams.get('slug') ?? '')
        bundled.set(uploaded.slug, uploaded)
        if (url.searchParams.get('bundleOnly') !== 'true') live.set(uploaded.slug, uploaded)
        return [201, describe(uploaded)]
      }
      case `PUT ${project}/functions`: {
        const wanted = JSON.parse(await text(request)) as { slug: string }[]
        for (const { slug } of wanted) {
          const uploaded = bundled.get(slug)
          if (!uploaded) return [400, { message: `${slug} was not bundled` }]
          live.set(slug, uploaded)
        }
        return [200, { functions: wanted.map(({ slug }) => describe(bundled.get(slug)!)) }]
      }
      default:
        return [404, { message: 'Not Found' }]
    }
  }

  const server = createServer((request, response) => {
    answer(request)
      .catch((error: unknown): [number, unknown] => [500, { message: String(error) }])
      .then(([status, body]) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    live,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function readUpload(request: IncomingMessage, slug: string): Promise<UploadedFunction> {
  const form = await new Response(await buffer(request), {
    headers: { 'content-type': request.headers['content-type'] ?? '' },
  }).formData()
  const metadata = form.get('metadata')
  const files = new Map<string, string>()
  for (const file of form.getAll('file')) {
    if (typeof file === 'string') throw new Error('a part "file" has no file name')
    files.set(file.name, await file.text())
  }
  return {
    slug,
    metadata: JSON.parse(typeof metadata === 'string' ? metadata : await metadata!.text()),
    files,
  }
}

function describe({ slug, metadata }: UploadedFunction) {
  return {
    id: slug,
    slug,
    name: metadata.name,
    status: 'ACTIVE',
    version: 1,
    created_at: 1,
    updated_at: 1,
    verify_jwt: metadata.verify_jwt,
    import_map: true,
    entrypoint_path: metadata.entrypoint_path,
    import_map_path: metadata.import_map_path,
  }
}
