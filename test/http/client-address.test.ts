import { describe, expect, it } from 'vitest'
import { clientAddress, readAddressSource } from '../../lib/http/client-address.ts'
import { admin, rolledBack, superuser } from '../kit/db.ts'

/** What a caller may send, and what a proxy of ours added at the right end. */
const headers: Record<string, string> = {
  'cf-connecting-ip': '203.0.113.7',
  'x-forwarded-for': '192.0.2.1, 203.0.113.7, 10.0.0.1',
}

describe('the address of a caller', () => {
  it.each<[string | undefined, string | null]>([
    [undefined, '203.0.113.7'],
    ['', '203.0.113.7'],
    ['cf-connecting-ip', '203.0.113.7'],
    ['x-forwarded-for/1', '10.0.0.1'],
    ['x-forwarded-for/2', '203.0.113.7'],
    ['x-forwarded-for/4', null],
    ['x-client', null],
  ])('read from %j is %j, in functions and over REST', async (setting, address) => {
    expect(clientAddress((name) => headers[name], readAddressSource(setting)) ?? null).toBe(address)
    await rolledBack(superuser, async (db) => {
      await db.query(`grant usage on schema private to authenticator`)
      await db.query(`grant execute on all functions in schema private to authenticator`)
      await db.query(`set local session authorization authenticator`)
      await db.query(`select set_config('tenantry.address_from', $1, true)`, [setting ?? ''])
      const { rows } = await db.query('select host(private.request_address($1)) as address', [
        JSON.stringify({ ...headers, 'client-address': '198.51.100.1' }),
      ])
      expect(rows[0]!.address).toBe(address)
    })
  })
  it('over REST is never what a caller says in the name that functions use', async () => {
    const { rows } = await admin.query(
      `select private.forwarded_address('{"client-address": "198.51.100.1"}', 'cf-connecting-ip') as address`,
    )
    expect(rows[0]!.address).toBeNull()
  })
  it.each(['x-forwarded-for', 'x-forwarded-for/0', 'x-forwarded-for/10', '/1', 'a b', 'x-real-ip,x'])(
    'is not read from %j, which could be the caller’s own',
    (setting) => {
      expect(() => readAddressSource(setting)).toThrow('TENANTRY_ADDRESS_FROM cannot be read')
    },
  )
})
