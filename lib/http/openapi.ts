import { z } from 'zod'
import { definitionOf, type ProblemCode } from '../db/index.ts'
import { ProblemDocument } from './problem-json.ts'
import type { Answer } from './route-notes.ts'
import type { Route } from './route-table.ts'
import { type Access, portalOf, scopeOf } from './router.ts'

type Json = Record<string, unknown>

/** What holds for every route. docs/architecture.md says more. */
const contract = [
  'The tenant is named in the path below /registry/tenants/{ref}, and in the header x-tenant everywhere else: by slug or ref_id.',
  'Every list takes limit and cursor and answers next_cursor, which is null on the last page. The newest entry comes first unless the summary says otherwise.',
  'Moments are RFC 3339 in UTC, to the millisecond. Money is a whole number of the unit that its name ends with.',
  'Every refusal is application/problem+json (RFC 9457) with a stable code. 429 and 503 carry Retry-After.',
].join('\n\n')

/** The OpenAPI 3.1 document of one function, from the schemas its routes validate with. */
export function openApiDocument(domain: string, routes: Route[]): Json {
  const schemas: Record<string, Json> = {}
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, schemas) }
  }
  return {
    openapi: '3.1.0',
    info: { title: `Tenantry: ${domain}`, version: '0.1.0', description: contract },
    servers: [{ url: '/functions/v1' }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        user: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'An access token of Supabase Auth.',
        },
        key: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'tk_live_…',
          description: 'An API key of a tenant, with the scope that is named.',
        },
        portal: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'twp_…, tav_…',
          description:
            'A token of minutes, which a manager or an API key lent to a page in a frame. It opens the portal that is named.',
        },
        operator: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            "An access token of an operator: an owner or admin of the platform's own tenant, signed in with a second factor.",
        },
        service: { type: 'apiKey', in: 'header', name: 'apikey', description: 'A secret key (sb_secret_…).' },
      },
    },
  }
}

function operation(route: Route, schemas: Record<string, Json>): Json {
  return {
    summary: route.summary,
    operationId: `${route.method.toLowerCase()}${route.path.replace(/[\W_]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    security: security(route.access),
    parameters: parameters(route, schemas),
    ...(route.body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: reference(route.body, 'input', schemas) } },
      },
    }),
    ...(route.file && {
      requestBody: {
        required: true,
        content: Object.fromEntries(
          route.file.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]),
        ),
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.answers ?? {}).map(([status, answer]) => [status, response(answer, schemas)]),
      ),
      ...problems(route, schemas),
    },
  }
}

function security(access: Access | undefined): Json[] {
  if (!access || access.auth === 'public') return []
  if (access.auth === 'service') return [{ service: [] }]
  if (access.auth === 'operator') return [{ operator: [] }, { service: [] }]
  if (access.auth === 'portal_token') return [{ portal: [] }]
  const [scope, portal] = [scopeOf(access), portalOf(access)]
  return [
    { user: [] },
    ...(scope ? [{ key: [scope] }] : []),
    ...(portal ? [{ portal: [portal] }] : []),
    ...(access.auth === 'member' && access.service ? [{ service: [] }] : []),
  ]
}

function parameters(route: Route, schemas: Record<string, Json>): Json[] {
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    ...(name === 'ref' && { description: 'The slug or ref_id of the tenant that is meant.' }),
    schema: { type: 'string' },
  }))
  const inQuery = Object.entries(shapeOf(route.query)).map(([name, schema]) => ({
    name,
    in: 'query',
    required: !schema.safeParse(undefined).success,
    schema: reference(schema, 'input', schemas),
  }))
  const { access } = route
  const choosesTenant = access?.auth === 'member' && access.tenant !== 'path'
  const narrows = (access?.auth === 'service' || access?.auth === 'operator') && access.tenant === 'filter'
  const description = narrows
    ? 'The slug or ref_id of the one tenant that is asked about. Without it, all tenants are.'
    : 'The slug or ref_id of the tenant that is meant. May be left out by an API key and by a member of exactly one.'
  const inHeader = {
    name: 'x-tenant',
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }
  const ifMatch = {
    name: 'if-match',
    in: 'header',
    required: true,
    description: 'The ETag that was read, with its quotes: what is changed must still be this version.',
    schema: { type: 'string' },
  }
  const idempotencyKey = {
    name: 'idempotency-key',
    in: 'header',
    required: false,
    description: 'A key of your own for what is made. Sent again with the same key, it is made once.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  }
  const isVersioned = route.problems?.includes('if_match_required')
  return [
    ...inPath,
    ...inQuery,
    ...(choosesTenant || narrows ? [inHeader] : []),
    ...(isVersioned ? [ifMatch] : []),
    ...(route.takesIdempotencyKey ? [idempotencyKey] : []),
  ]
}

/** What a caller writes, also where the schema makes something else of it as a whole. */
function shapeOf(schema: z.ZodType | undefined): Record<string, z.ZodType> {
  if (schema instanceof z.ZodPipe) return shapeOf(schema.in as z.ZodType)
  return schema instanceof z.ZodObject ? (schema.shape as Record<string, z.ZodType>) : {}
}

function response(
  { description, schema, contentType = 'application/json', orCsv }: Answer,
  schemas: Record<string, Json>,
) {
  return {
    description,
    ...(schema && {
      content: {
        [contentType]: { schema: reference(schema, 'output', schemas) },
        ...(orCsv && { 'text/csv': { schema: { type: 'string' } } }),
      },
    }),
  }
}

const retryAfter = {
  'Retry-After': {
    description: 'After how many seconds to try again.',
    required: true,
    schema: { type: 'integer', minimum: 1 },
  },
}

/** The refusals a route's own middleware can raise, its own, and those any route can. By status. */
function problems(
  { access, body, file, query, params, problems = [] }: Route,
  schemas: Record<string, Json>,
): Json {
  const codes = new Set<ProblemCode>(['malformed_url', 'internal', 'unavailable', 'timeout', ...problems])
  const add = (...more: ProblemCode[]) => {
    for (const code of more) codes.add(code)
  }
  if (access && access.auth !== 'public') {
    add('unauthenticated', 'token_expired', 'invalid_api_key', 'forbidden', 'rate_limited')
    if (scopeOf(access)) add('tenant_not_found')
    else add('key_not_accepted')
  }
  if (access?.auth === 'operator') add('second_factor_required')
  if (access?.auth === 'member') {
    add('tenant_not_found')
    if (access.tenant !== 'path') add('tenant_required')
    if (access.permission !== 'read') add('tenant_frozen', 'trial_ended')
    if (access.permission !== 'read' && access.permission !== 'leave') add('second_factor_required')
  }
  if (body)
    add('invalid_json', 'payload_too_large', 'unsupported_media_type', 'invalid_body', 'invalid_value')
  if (file) add('payload_too_large', 'unsupported_media_type')
  if (query) add('invalid_query')
  if (params) add('not_found')
  const byStatus: Record<number, ProblemCode[]> = {}
  for (const code of codes) {
    const { status } = definitionOf(code)
    byStatus[status] = [...(byStatus[status] ?? []), code]
  }
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, ofStatus]) => [
      status,
      {
        ...response(
          {
            description: ofStatus.join(', '),
            schema: ProblemDocument,
            contentType: 'application/problem+json',
          },
          schemas,
        ),
        ...(ofStatus.some((code) => 'retryAfterSeconds' in definitionOf(code)) && { headers: retryAfter }),
      },
    ]),
  )
}

/** A moment is a Date before it is written and text after that. A document describes what is written. */
function writeDateAsText({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: Json }): void {
  if (zodSchema._zod.def.type !== 'union') return
  const { options } = zodSchema._zod.def as z.core.$ZodUnionDef
  const texts = (jsonSchema.anyOf as Json[]).filter((_, n) => options[n]?._zod.def.type !== 'date')
  if (texts.length === options.length || texts.length !== 1) return
  delete jsonSchema.anyOf
  Object.assign(jsonSchema, texts[0], { ...jsonSchema })
}

/** A schema in JSON Schema's words. What has an id goes to the components and is referred to. */
function reference(schema: z.ZodType, io: 'input' | 'output', schemas: Record<string, Json>): Json {
  const written = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
    override: writeDateAsText,
  })
  const {
    $schema: _,
    $defs: defs,
    id,
    ...rest
  } = JSON.parse(JSON.stringify(written).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json & {
    $defs?: Record<string, Json>
    id?: string
  }
  for (const [name, { id: _id, ...definition }] of Object.entries(defs ?? {})) schemas[name] = definition
  if (id === undefined) return rest
  schemas[id] = rest
  return { $ref: `#/components/schemas/${id}` }
}
