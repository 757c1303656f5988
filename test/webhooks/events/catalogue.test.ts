import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { admin, rolledBack, superuser } from '../../kit/db.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { readCatalogue, schemaValidators, toldTo } from './told.ts'

/** Types that no SQL emits, and why. */
const unemitted: Record<string, string> = {
  'webhook.test': 'sent by the test button alone, to one endpoint',
}

/** What each function that emits says in dotted words, apart from whom it notifies: types, for it has no reason to say others. */
async function emittedTypes(): Promise<Map<string, string[]>> {
  const { rows } = await superuser.query<{ name: string; types: string[] }>(
    `select p.oid::regproc::text as name,
       array(select m[1] from regexp_matches(regexp_replace(p.prosrc, 'private\\.notify\\([^;]*', '', 'g'), '''([a-z_]+(?:\\.[a-z_]+)+)''', 'g') as m) as types
     from pg_proc as p
     where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and p.prosrc ~ 'private\\.emit_events?\\('
       and p.proname <> 'emit_event'`,
  )
  return new Map(rows.map(({ name, types }) => [name, types]))
}

/** The types and descriptions in a page's tables of events. */
function shownEvents(page: string): [type: string, description: string][] {
  const tables = page.matchAll(/^\| type \| what happened \|.*\n\|[-|]+\|\n((?:\|.*\n)+)/gm)
  return [...tables].flatMap(([, rows]) =>
    [...rows!.matchAll(/^\| `([a-z_.]+)` \| (.+?) \|/gm)].map(([, type, description]): [string, string] => [
      type!,
      description!,
    ]),
  )
}

describe('the catalogue of event types', async () => {
  const catalogue = await readCatalogue()
  const validators = await schemaValidators()
  const names = catalogue.map(({ type }) => type)

  it('has every type that is emitted', async () => {
    const emitted = await emittedTypes()
    expect(emitted.size).toBeGreaterThan(7)
    for (const [name, types] of emitted) {
      expect(types, name).not.toEqual([])
      for (const type of types) expect(names, name).toContain(type)
    }
  })

  it('has no type that nothing emits, those left out that are listed', async () => {
    const emitted = new Set([...(await emittedTypes()).values()].flat())
    expect(names.filter((type) => !emitted.has(type))).toEqual(Object.keys(unemitted))
  })

  it.each(catalogue)('$type has an example that its schema accepts', ({ type, description, example }) => {
    const validate = validators.get(type)!
    expect(validate(example), JSON.stringify(validate.errors)).toBe(true)
    expect(description).toMatch(/^[A-Z].{10,200}\.$/)
    expect(JSON.stringify(example)).not.toMatch(/secret|whsec_|tk_live_|[0-9a-f]{8}-[0-9a-f]{4}-/)
  })

  it.each(catalogue)(
    '$type lets fields be added and lets none of its own be missing',
    ({ type, example }) => {
      const validate = validators.get(type)!
      expect(validate({ ...example, made_up_later: true })).toBe(true)
      for (const field of Object.keys(example)) {
        const { [field]: _, ...rest } = example
        const properties = (validate.schema as { properties: Record<string, { type: unknown }> }).properties
        // One that may be null may also be missing.
        expect(validate(rest), field).toBe([properties[field]!.type].flat().includes('null'))
        expect(validate({ ...example, [field]: 17.5 }), field).toBe(false)
      }
    },
  )

  it('calls operational what is about webhooks themselves', () => {
    expect(catalogue.filter((type) => type.is_operational).map(({ type }) => type)).toEqual([
      'delivery.exhausted',
      'endpoint.disabled',
      'endpoint.failing',
      'endpoint.recovered',
      'webhook.test',
    ])
  })

  it('is what the pages of the domains show, each type once', () => {
    const pages = readdirSync('docs').filter((name) => name.endsWith('.md'))
    const rows = pages.flatMap((name) => shownEvents(readFileSync(`docs/${name}`, 'utf8')))
    expect(rows.sort()).toEqual(catalogue.map(({ type, description }) => [type, description]).sort())
  })

  it('takes another type as CONTRIBUTING.md adds one', async () => {
    const { id } = await makeTenant()
    const [, statement] = /```sql\n(select private\.register_event_type[\s\S]+?;\n)/.exec(
      readFileSync('CONTRIBUTING.md', 'utf8'),
    )!
    await rolledBack(admin, async (db) => {
      await db.query(statement!)
      const { rows } = await db.query<{ schema: object; example: object }>(
        `select schema, example from public.webhook_event_types where type = 'note.written'`,
      )
      const validate = new Ajv2020({ strict: true, allowUnionTypes: true, formats: { 'date-time': true } })
      expect(validate.validate(rows[0]!.schema, rows[0]!.example)).toBe(true)
      await db.query(`select private.emit_event($1, 'note.written', $2)`, [id, rows[0]!.example])
      expect((await toldTo(db, id)).map(({ data }) => data)).toEqual([rows[0]!.example])
    })
  })

  it('makes a schema from one line, and refuses a kind it does not know', async () => {
    const { rows } = await admin.query(
      `select private.event_schema('{"a": "text", "b?": "x|y", "c?": {"d": "count"}}') as schema`,
    )
    expect(rows[0]).toEqual({
      schema: {
        type: 'object',
        required: ['a'],
        additionalProperties: true,
        properties: {
          a: { type: 'string' },
          b: { type: ['string', 'null'], enum: ['x', 'y', null] },
          c: {
            type: ['object', 'null'],
            required: ['d'],
            additionalProperties: true,
            properties: { d: { type: 'integer', minimum: 0 } },
          },
        },
      },
    })
    for (const fields of ['{"a": "texts"}', '{"a": null}', '{"a": 1}', '{"a": {"b": ""}}'])
      await expect(admin.query('select private.event_schema($1)', [fields])).rejects.toThrow(
        /has an unknown kind/,
      )
  })
})
