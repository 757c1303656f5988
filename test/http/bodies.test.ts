import { beforeAll, describe, expect, inject, it } from 'vitest'
import type { Route } from '../../lib/http/route-table.ts'
import { problemOf } from '../kit/call.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { loadRules, mergeOnce } from '../kit/rules/load.ts'
import type { RouteRules } from '../kit/rules/routes.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { functionNames, routesOf } from './apps.ts'

// Every route that takes a body, asked by somebody who may, through the gateway.
const rules = mergeOnce('route', await loadRules<RouteRules>('routes'))
const routes = (await Promise.all(functionNames.map(routesOf))).flat().filter(({ body }) => body)

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

async function send(
  route: Pick<Route, 'method' | 'path' | 'access'>,
  body: RequestInit['body'],
  type = 'application/json',
) {
  // Whatever else a path names need not exist: the body is looked at first.
  const path = (rules[`${route.method} ${route.path}`]?.path ?? route.path)
    .replace(':ref', tenant.slug)
    .replace(':product', 'assessments')
    .replace(':type', 'saml')
    .replace(/:\w+/g, owner.refId)
  const response = await fetch(`${inject('stack').api_url}/functions/v1${path}`, {
    method: route.method,
    headers: {
      ...(/^(service|operator)$/.test(route.access?.auth ?? '')
        ? { apikey: inject('stack').secret_key }
        : { authorization: `Bearer ${owner.token}` }),
      'content-type': type,
    },
    body: body ?? null,
    ...(body instanceof ReadableStream && { duplex: 'half' }),
  })
  const { status, code } = await problemOf(response)
  return `${status} ${code}`
}

const tenMegabytes = new Uint8Array(10 * 1_048_576).fill(0x20)
const inChunks = () =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < tenMegabytes.length; at += 65_536)
        controller.enqueue(tenMegabytes.subarray(at, at + 65_536))
      controller.close()
    },
  })

it('there are such routes', () => {
  expect(routes.length).toBeGreaterThan(5)
})

describe.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
  '%s',
  (_name, route) => {
    it('refuses 10 MB, with its length said or not', async () => {
      expect(await send(route, tenMegabytes)).toBe('413 payload_too_large')
      expect(await send(route, inChunks())).toBe('413 payload_too_large')
    })
    it.each(['text/plain', 'multipart/form-data', 'text/html; application/json'])(
      'refuses %s',
      async (type) => {
        expect(await send(route, '{}', type)).toBe('415 unsupported_media_type')
      },
    )
    it.each(['{"a":', 'a=b', '', '\ufeff', '{"a":1}{"b":2}', `${'['.repeat(100)}${']'.repeat(100)}`])(
      'refuses %j',
      async (text) => {
        expect(await send(route, text)).toBe('400 invalid_json')
      },
    )
    it.each(['[]', 'null', '"text"', '7', '{"no_such_field":1}', '{"__proto__":{}}', '{"a\\u0000":1}'])(
      'does not take %s',
      async (text) => {
        expect(await send(route, text)).toBe('422 invalid_body')
      },
    )
  },
)
