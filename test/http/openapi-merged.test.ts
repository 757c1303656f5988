import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import { openApiDocument } from '../../lib/http/openapi.ts'
import { listFunctions, mergeDocuments, openApiFiles, readRoutes } from '../../stack/cli/openapi.ts'

type Documents = Parameters<typeof mergeDocuments>[0]

const text = readFileSync('docs/openapi.json', 'utf8')
const merged = JSON.parse(text) as ReturnType<typeof mergeDocuments> & { tags: { name: string }[] }
const names = await listFunctions()
const operations = Object.entries(merged.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
)

describe('docs/openapi.json', () => {
  it('is what the routes say today, and so are the types of the client', async () => {
    const files = await openApiFiles()
    for (const [name, content] of Object.entries(files)) {
      expect(readFileSync(name, 'utf8') === content, `${name} is out of date: run "npm run generate"`).toBe(
        true,
      )
    }
    expect(Object.keys(files)).toEqual(['docs/openapi.json', 'lib/client/schema.ts'])
  })

  it('is a valid document of OpenAPI 3.1', async () => {
    const result = await new Validator().validate(JSON.parse(text))
    expect(result.errors ?? []).toEqual([])
    expect(result.valid).toBe(true)
  })

  it('has every route of every function, and no other', async () => {
    const routes = (await Promise.all(names.map(readRoutes))).flat()
    expect(operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(
      routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`).sort(),
    )
  })

  it('tags each route with its domain, and lists the tags', () => {
    expect(merged.tags.map(({ name }) => name)).toEqual(names)
    for (const { path, operation } of operations) expect(operation.tags).toEqual([path.split('/')[1]])
  })

  it('gives each operation an id of its own', () => {
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z0-9]+$/)
  })

  it('refers to nothing that is not there, and holds nothing that is not referred to', () => {
    const references = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
    expect([...new Set(references)].sort()).toEqual(Object.keys(merged.components.schemas).sort())
  })
})

describe('merging', () => {
  const documents = async (): Promise<Documents> =>
    Object.fromEntries(
      await Promise.all(
        names.map(
          async (name) => [name, structuredClone(openApiDocument(name, await readRoutes(name)))] as const,
        ),
      ),
    ) as unknown as Documents

  it('refuses one name for two schemas, and says which', async () => {
    const given = await documents()
    const [, second] = Object.values(given)
    second!.components.schemas.Health = { type: 'string' }
    expect(() => mergeDocuments(given)).toThrow(
      `different schemas named Health: rename one, as in "${names[1]}"`,
    )
  })

  it('refuses a path that two functions have', async () => {
    const given = await documents()
    const [first, second] = Object.values(given)
    Object.assign(second!.paths, first!.paths)
    expect(() => mergeDocuments(given)).toThrow(`Two functions have the path /${names[0]}/health`)
  })

  it('refuses one operationId for two routes', async () => {
    const given = await documents()
    const { registry } = given
    registry!.paths['/registry/tenants']!.get!.operationId = 'getBrandingHealth'
    expect(() => mergeDocuments(given)).toThrow(/operationId getBrandingHealth stands for/)
  })
})
