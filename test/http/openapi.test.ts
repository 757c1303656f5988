import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import { call } from '../kit/call.ts'
import { functionNames, routesOf } from './apps.ts'

interface Operation {
  summary?: string
  security: Record<string, unknown>[]
  parameters?: { in: string }[]
  requestBody?: unknown
  responses: Record<string, { description: string; content?: Record<string, unknown> }>
}
interface Document {
  openapi: string
  paths: Record<string, Record<string, Operation>>
}

const documentOf = async (name: string) => (await (await call(`/${name}/openapi.json`)).json()) as Document

describe.each(functionNames)('openapi.json of %s', (name) => {
  it('is a valid document of OpenAPI 3.1', async () => {
    const document = await documentOf(name)
    expect(document.openapi).toBe('3.1.0')
    const result = await new Validator().validate(document as unknown as Record<string, unknown>)
    expect(result.errors ?? []).toEqual([])
    expect(result.valid).toBe(true)
  })

  it('describes every route: what for, who may, what it takes and answers', async () => {
    const { paths } = await documentOf(name)
    const routes = await routesOf(name)
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    )
    expect(described.toSorted()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).toSorted())
    for (const route of routes) {
      const operation = paths[route.path.replace(/:(\w+)/g, '{$1}')]?.[route.method.toLowerCase()]
      const where = `${route.method} ${route.path}`
      expect(operation?.summary, where).toMatch(/\w/)
      const statuses = Object.keys(operation?.responses ?? {})
      expect(
        statuses.some((status) => status.startsWith('2')),
        where,
      ).toBe(true)
      expect(statuses, where).toEqual(expect.arrayContaining(['400', '500', '503']))
      const isOpen = route.access?.auth === 'public'
      expect((operation?.security ?? []).length === 0, where).toBe(isOpen)
      if (!isOpen) expect(statuses, where).toEqual(expect.arrayContaining(['401', '403']))
      const inQuery = (operation?.parameters ?? []).filter((parameter) => parameter.in === 'query')
      expect(inQuery.length > 0, where).toBe(route.query !== undefined)
      const sent = route.body ?? route.file
      expect(operation?.requestBody !== undefined, where).toBe(sent !== undefined)
      if (['PUT', 'PATCH'].includes(route.method)) expect(sent, where).toBeDefined()
      if (operation?.requestBody)
        expect(statuses, where).toEqual(expect.arrayContaining(['413', '415', '422']))
    }
  })

  it('refers to nothing that is not there', async () => {
    const text = JSON.stringify(await documentOf(name))
    const { components } = JSON.parse(text) as { components: { schemas: Record<string, unknown> } }
    for (const [, schema] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      expect(Object.keys(components.schemas)).toContain(schema)
    }
    expect(text).not.toContain('$defs')
  })
})
