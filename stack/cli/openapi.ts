// The one OpenAPI document of all edge functions, and the client's types that follow from it.
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual, promisify } from 'node:util'
import { openApiDocument } from '../../lib/http/openapi.ts'
import { type Route, routeTable } from '../../lib/http/route-table.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

type Json = Record<string, unknown>

interface Document {
  openapi: string
  servers: Json[]
  paths: Record<string, Record<string, Json & { operationId: string }>>
  components: { schemas: Record<string, Json>; securitySchemes: Json }
}

/** The names of all edge functions, sorted. */
export async function listFunctions(): Promise<string[]> {
  const entries = await readdir(join(root, 'functions'), { withFileTypes: true })
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort()
}

let lastRead: Promise<unknown> = Promise.resolve()

/**
 * The routes that a function's index.ts mounts. Loading it calls Deno.serve, which Node does not have. One is loaded
 * after another: each takes the global Deno away when it is done.
 */
export function readRoutes(name: string): Promise<Route[]> {
  const read = lastRead.then(() => loadRoutes(name))
  lastRead = read.catch(() => {})
  return read
}

async function loadRoutes(name: string): Promise<Route[]> {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'Deno')
  Object.defineProperty(globalThis, 'Deno', { value: { serve() {} }, configurable: true })
  try {
    const { app } = (await import(`../../functions/${name}/index.ts`)) as {
      app: Parameters<typeof routeTable>[0]
    }
    return routeTable(app)
  } finally {
    if (before) Object.defineProperty(globalThis, 'Deno', before)
    else Reflect.deleteProperty(globalThis, 'Deno')
  }
}

/**
 * Merges the documents of several functions into one. A name belongs to one schema: two functions that
 * give the same name to different schemas are refused, since renaming one of them would silently
 * rename a type in every client.
 */
export function mergeDocuments(documents: Record<string, Document>): Document & Json {
  const names = Object.keys(documents)
  const paths: Document['paths'] = {}
  const schemas: Record<string, Json> = {}
  const operationIds = new Map<string, string>()
  for (const name of names) {
    const document = documents[name]!
    for (const [path, operations] of Object.entries(document.paths)) {
      if (paths[path]) throw new Error(`Two functions have the path ${path}.`)
      for (const { operationId } of Object.values(operations)) {
        const other = operationIds.get(operationId)
        if (other) throw new Error(`The operationId ${operationId} stands for ${other} and for ${path}.`)
        operationIds.set(operationId, path)
      }
      paths[path] = Object.fromEntries(
        Object.entries(operations).map(([method, operation]) => [method, { tags: [name], ...operation }]),
      )
    }
    for (const [id, schema] of Object.entries(document.components.schemas)) {
      if (schemas[id] && !isDeepStrictEqual(schemas[id], schema)) {
        throw new Error(`Two functions have different schemas named ${id}: rename one, as in "${name}".`)
      }
      schemas[id] = schema
    }
  }
  const first = documents[names[0]!]!
  return {
    openapi: first.openapi,
    info: {
      title: 'Tenantry',
      version: '0.1.0',
      description: 'Every edge function in one document. Refusals are application/problem+json (RFC 9457).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: first.servers,
    tags: names.map((name) => ({ name, description: `The edge function ${name}.` })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: first.components.securitySchemes,
    },
  }
}

/** docs/openapi.json and lib/client/schema.ts, by their paths. */
export async function openApiFiles(): Promise<Record<string, string>> {
  const documents: Record<string, Document> = {}
  for (const name of await listFunctions()) {
    documents[name] = openApiDocument(name, await readRoutes(name)) as unknown as Document
  }
  const document = `${JSON.stringify(mergeDocuments(documents), null, 2)}\n`
  return { 'docs/openapi.json': document, 'lib/client/schema.ts': await clientTypes(document) }
}

/** In a process of its own, with the client's own TypeScript: openapi-typescript does not work with version 7. */
async function clientTypes(document: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-openapi-'))
  try {
    const [input, output] = [join(folder, 'openapi.json'), join(folder, 'schema.ts')]
    await writeFile(input, document)
    const client = createRequire(join(root, 'lib/client/package.json'))
    const cli = join(dirname(client.resolve('openapi-typescript/package.json')), 'bin/cli.js')
    // A property with a default may be left out of a request. What an answer always has is required anyway.
    const args = [input, '--output', output, '--default-non-nullable=false']
    await promisify(execFile)(process.execPath, [cli, ...args], { cwd: folder })
    const types = (await readFile(output, 'utf8')).replace(/^\/\*\*.*?\*\/\n+/s, '')
    return `// Generated by "npm run generate" from docs/openapi.json. Do not edit.\n\n${types.trim()}\n`
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
