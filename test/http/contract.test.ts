import { describe, expect, it } from 'vitest'
import { call } from '../kit/call.ts'
import { functionNames, routesOf } from './apps.ts'

// What docs/architecture.md promises of every route and every field, held against the OpenAPI documents.

interface Schema {
  type?: string | string[]
  format?: string
  pattern?: string
  description?: string
  properties?: Record<string, Schema>
  anyOf?: Schema[]
  $ref?: string
}
interface Operation {
  parameters: { name: string; in: string; description?: string }[]
  security: object[]
  responses: Record<string, { headers?: Record<string, unknown> }>
}
interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

const documents = await Promise.all(
  functionNames.map(async (name) => (await (await call(`/${name}/openapi.json`)).json()) as Document),
)
const operations = documents.flatMap(({ paths }) =>
  Object.entries(paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      path,
      operation,
    })),
  ),
)

/** Every property of every schema there is, by where it stands. */
const properties = documents.flatMap((document) => {
  const found: { where: string; name: string; schema: Schema }[] = []
  const visit = (where: string, value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [name, schema] of Object.entries((value as Schema).properties ?? {}))
      found.push({ where: `${where}.${name}`, name, schema })
    for (const [key, inner] of Object.entries(value)) visit(`${where}.${key}`, inner)
  }
  visit('', document)
  return found
})
/** The schema itself, or what it is when it is not null. */
const unlessNull = (schema: Schema): Schema => schema.anyOf?.find(({ type }) => type !== 'null') ?? schema

describe('the tenant', () => {
  /** Where the tenant is what the request is about. */
  const belowTenants = /^\/(registry|onboarding)\/tenants\/(:ref|\{ref\})/

  it('is named in the path below /registry/tenants and /onboarding/tenants, and in the header x-tenant everywhere else', async () => {
    for (const route of (await Promise.all(functionNames.map(routesOf))).flat()) {
      const isBelowTenants = belowTenants.test(route.path)
      expect(/:(tenant|slug_or_ref)\b/.test(route.path), route.path).toBe(false)
      if (route.access?.auth !== 'member') continue
      expect(route.access.tenant === 'path', `${route.method} ${route.path}`).toBe(isBelowTenants)
    }
  })
  it.each(operations.map(({ name, ...rest }) => [name, rest] as const))(
    '%s never takes it in a query or names it in two places',
    (_, { path, operation: { parameters, security } }) => {
      // What is public belongs to a page that is found by its slug.
      const naming = parameters.filter(
        ({ name }) => /tenant|^ref$|slug/.test(name) && !(security.length === 0 && name === 'slug'),
      )
      expect(naming.length).toBeLessThanOrEqual(1)
      for (const { in: place, name, description } of naming) {
        expect([place, name]).toEqual(belowTenants.test(path) ? ['path', 'ref'] : ['header', 'x-tenant'])
        expect(description).toMatch(/slug or ref_id/)
      }
    },
  )
})

it('a moment is RFC 3339, named *_at or for what it bounds', () => {
  const isMoment = (schema: Schema) => unlessNull(schema).format === 'date-time'
  const named = /_at$|^(at|since|until|time|lease_until|failing_since|missing_since|blocked_until)$/
  const moments = properties.filter(({ schema }) => isMoment(schema))
  expect(moments.length).toBeGreaterThan(50)
  expect(moments.filter(({ name }) => !named.test(name)).map(({ where }) => where)).toEqual([])
  const others = properties.filter(({ name, schema }) => /_at$/.test(name) && !isMoment(schema))
  expect(others.map(({ where }) => where)).toEqual([])
})

it('money is whole units, named for which', () => {
  // A flag, a number of calls and a list of prices say something about money, and are none.
  const money = properties.filter(
    ({ name, schema }) =>
      /(^|_)(price|cost|amount|spend|balance)|_minor$|_micros$/.test(name) &&
      !/^is_|_count$/.test(name) &&
      !['array', 'object'].includes(String(unlessNull(schema).type ?? 'object')),
  )
  expect(money.length).toBeGreaterThan(0)
  for (const { where, name, schema } of money) {
    expect(name, where).toMatch(/_(minor|micros)$/)
    expect(unlessNull(schema).type, where).toBe('integer')
    expect(schema.description ?? '', where).toMatch(/currency|dollar/)
  }
})

it('every answer 429 and 503 promises a Retry-After', () => {
  for (const { name, operation } of operations)
    for (const status of ['429', '503'])
      if (operation.responses[status])
        expect(Object.keys(operation.responses[status].headers ?? {}), name).toEqual(['Retry-After'])
})
