import { beforeEach, describe, expect, it } from 'vitest'
import { admin, asUser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { changeBrand } from './editor.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`field_${n}`, n]))
const change = async (body: unknown) => {
  const answer = await changeBrand({ token: owner.token }, body)
  const document = (await answer.json()) as { code: string; errors: { pointer: string; detail: string }[] }
  return { status: answer.status, code: document.code, errors: document.errors }
}
/** The same over REST, which passes the JSON on as it is. */
const write = (table: string, column: string, value: unknown) =>
  asUser(owner.id, (db) =>
    db.query(`update public.${table} set ${column} = $1`, [JSON.stringify(value)]),
  ).then(
    () => 'is stored',
    (error: { message: string; hint: string }) => `${error.message} ${error.hint.length < 500}`,
  )

describe('a brand of too many fields', () => {
  it.each([
    ['unknown ones', many(10_000)],
    ['known ones in a section', { colors: many(10_000) }],
    ['levels', JSON.parse(`${'{"colors":'.repeat(60)}${JSON.stringify(many(200))}${'}'.repeat(60)}`)],
    ['letters', { tagline: 'x'.repeat(100_000) }],
  ])('is refused as a whole: %s', async (_what, brand) => {
    const { status, code, errors } = await change({ brand })
    expect([status, code, errors.length, errors[0]!.pointer]).toEqual([422, 'invalid_brand', 1, '/brand'])
    expect(errors[0]!.detail).toMatch(/^must (have at most 100 fields|be at most 65536 bytes)/)
  })
  it('is refused by a table and a view as well', async () => {
    expect(await write('tenant_brands', 'brand', many(10_000))).toBe('invalid_brand true')
    expect(await write('tenant_profiles', 'brand_config', many(10_000))).toBe('invalid_brand true')
    expect(await write('tenant_brands', 'email_config', many(10_000))).toBe('invalid_email_config true')
    expect(await write('tenant_profiles', 'email_config', many(10_000))).toBe('invalid_email_config true')
  })
})

it('fifty wrong fields are told as twenty, and how many there are besides', async () => {
  const { errors } = await change({ brand: many(50) })
  expect(errors).toHaveLength(21)
  expect(errors.at(-1)).toEqual({ pointer: '/brand', detail: 'has 30 more problems' })
})

it('and so are fields that the route itself does not know', async () => {
  const { code, errors } = await change({ is_active: true, ...many(50) })
  expect([code, errors.length]).toEqual(['invalid_body', 21])
  expect(errors.at(-1)).toEqual({ pointer: '', detail: 'has 30 more problems' })
})

it('both spellings of every field at once still fit', async () => {
  const colors = Object.fromEntries(
    'primary,secondary,accent,background,text,border'.split(',').map((name) => [name, '#112233']),
  )
  const texts = {
    tagline: 'ß'.repeat(300),
    welcome_message: '😀'.repeat(2_000),
    completionMessage: '😀'.repeat(2_000),
  }
  const { status } = await change({ brand: { ...texts, primary: '#000000', cream: '#000000', colors } })
  expect(status).toBe(200)
  const { rows } = await admin.query('select brand from public.tenant_brands where tenant_id = $1', [
    tenant.id,
  ])
  expect(rows[0].brand.colors).toMatchObject(colors)
})
