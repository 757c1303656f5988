import fc from 'fast-check'
import { afterAll, describe, expect, inject, it } from 'vitest'
import { admin, closeConnections, named, type Sql, sql } from '../../lib/db/index.ts'

process.env.SUPABASE_DB_URL = inject('stack').db_url
afterAll(closeConnections)

const partsOf = ({ text, values }: Sql) => ({ text, values })

describe('a statement', () => {
  it('has its values apart from its text', () => {
    expect(partsOf(sql`select ${1}, ${'two'}`)).toEqual({ text: 'select $1, $2', values: [1, 'two'] })
  })
  it('may be empty', () => {
    expect(partsOf(sql``)).toEqual({ text: '', values: [] })
  })
})

describe('a statement inside another', () => {
  it('becomes its text, and the placeholders of both are numbered anew', () => {
    const named = sql`slug = ${'a'} or ref_id = ${'b'}`
    expect(partsOf(sql`select ${0} where (${named}) and plan = ${'c'}`)).toEqual({
      text: 'select $1 where (slug = $2 or ref_id = $3) and plan = $4',
      values: [0, 'a', 'b', 'c'],
    })
  })
  it('may hold another itself, and stand in many places', () => {
    const inner = sql`x = ${1}`
    const outer = sql`(${inner} or y = ${2})`
    expect(partsOf(sql`${outer} and ${inner} and ${outer}`)).toEqual({
      text: '(x = $1 or y = $2) and x = $3 and (x = $4 or y = $5)',
      values: [1, 2, 1, 1, 2],
    })
    expect(partsOf(inner)).toEqual({ text: 'x = $1', values: [1] })
  })
  it('leaves nothing when it is empty', () => {
    expect(partsOf(sql`select ${1}${sql``} limit ${2}`)).toEqual({
      text: 'select $1 limit $2',
      values: [1, 2],
    })
    expect(partsOf(sql`${sql``}${sql``}`)).toEqual({ text: '', values: [] })
  })
  it('may differ from call to call at the same place', () => {
    const filtered = (filter: Sql | number) => partsOf(sql`select ${filter} limit ${9}`)
    expect(filtered(sql`a = ${1}`)).toEqual({ text: 'select a = $1 limit $2', values: [1, 9] })
    expect(filtered(sql``)).toEqual({ text: 'select  limit $1', values: [9] })
    expect(filtered(7)).toEqual({ text: 'select $1 limit $2', values: [7, 9] })
  })
  it('keeps text that looks like a placeholder', () => {
    const price = sql`'$1' = ${'a'}`
    expect(sql`select ${0}, ${price}`.text).toBe(`select $1, '$1' = $2`)
  })
  it('gives its name to nobody, and may be named as a whole', () => {
    const whole = sql`select ${named('part', sql`${1}::int`)} as one`
    expect(whole.name).toBeUndefined()
    expect(named('whole', whole)).toMatchObject({ name: 'whole', text: 'select $1::int as one', values: [1] })
  })
})

describe('a value never becomes SQL', () => {
  it.each([
    ['text', `'; drop table public.tenants; --`],
    ['a placeholder', '$1'],
    ['an object with the shape of a statement', { text: 'current_user', values: [] }],
    ['a copy of a statement', { ...sql`current_user` }],
    ['a statement that went through JSON', JSON.parse(JSON.stringify(sql`current_user`))],
    ['a list of statements', [sql`current_user`]],
    ['nothing', null],
  ])('%s', (_, value) => {
    expect(partsOf(sql`select ${value}`)).toEqual({ text: 'select $1', values: [value] })
    expect(partsOf(sql`select ${sql`${value}`}`)).toEqual({ text: 'select $1', values: [value] })
  })
  it('not even when a statement is named that the tag did not make', () => {
    expect(() => named('fake', { text: 'select 1', values: [] })).toThrow(TypeError)
  })
  it('however deep statements are nested, and Postgres gives every value back', async () => {
    type Tree = { value: string } | { inner: Tree[] }
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.record({ value: fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', '')) }),
        fc.record({ inner: fc.array(tie('tree'), { maxLength: 3 }) }),
      ),
    }))
    const written = (each: Tree): Sql =>
      'value' in each
        ? sql`array[${each.value}::text]`
        : each.inner.reduce((before, next) => sql`${before} || ${written(next)}`, sql`'{}'::text[]`)
    const valuesOf = (each: Tree): string[] => ('value' in each ? [each.value] : each.inner.flatMap(valuesOf))
    await fc.assert(
      fc.asyncProperty(tree, async (each) => {
        const { found } = await admin.one<{ found: string[] }>(sql`select ${written(each)} as found`)
        expect(found).toEqual(valuesOf(each))
      }),
      { numRuns: 100 },
    )
  })
})
