import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { admin, type Queryable } from '../../kit/db.ts'

/** An event as it stands in the tenant's list, and what its payload says. */
export interface Told {
  id: string
  type: string
  data: Record<string, unknown>
  ordering_key: string | null
}

/** What a tenant's webhooks were told so far, in the order of the ids. */
export async function toldTo(db: Queryable, tenant: string): Promise<Told[]> {
  const { rows } = await db.query<{
    id: string
    type: string
    payload: string
    ordering_key: string | null
  }>(
    `select e.id, e.type, e.payload, e.ordering_key from public.webhook_events as e
     where e.tenant_id = $1 order by e.id`,
    [tenant],
  )
  return rows.map(({ id, type, payload, ordering_key }) => {
    const said = JSON.parse(payload) as { type: string; timestamp: string; data: Record<string, unknown> }
    if (said.type !== type || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(said.timestamp))
      throw new Error(`not an envelope: ${payload}`)
    return { id, type, data: said.data, ordering_key }
  })
}

export interface CataloguedType {
  type: string
  description: string
  is_operational: boolean
  schema: object
  example: Record<string, unknown>
}

export async function readCatalogue(): Promise<CataloguedType[]> {
  const { rows } = await admin.query<CataloguedType>(
    'select type, description, is_operational, schema, example from public.webhook_event_types order by type, version',
  )
  return rows
}

/** A validator for the data of each type, as a receiver would make it from the catalogue. */
export async function schemaValidators(): Promise<Map<string, ValidateFunction>> {
  const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true })
  addFormats.default(ajv)
  return new Map((await readCatalogue()).map(({ type, schema }) => [type, ajv.compile(schema)]))
}
