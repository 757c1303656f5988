import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { clientAddress, readAddressSource, warningOfSource } from '../../lib/http/client-address.ts'
import { admin, rolledBack, superuser } from '../kit/db.ts'

const run = promisify(execFile)

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
  it.each<[string, Record<string, string>, boolean]>([
    ['on a server of its own', {}, true],
    ['on a server of its own, with an empty setting', { TENANTRY_ADDRESS_FROM: '' }, true],
    ['where the operator has said which header counts', { TENANTRY_ADDRESS_FROM: 'x-real-ip' }, false],
    ['in a hosted project', { SB_REGION: 'eu-central-1' }, false],
    ['in a hosted project that names only the function', { DENO_DEPLOYMENT_ID: 'ref_id_1' }, false],
  ])('%s may be a caller’s own, or not', (_where, environment, isWarned) => {
    expect(warningOfSource(environment) !== undefined).toBe(isWarned)
  })
  it('is warned of once, and only when the header comes', async () => {
    const { TENANTRY_ADDRESS_FROM: _, ...environment } = process.env
    const script = `import { clientAddress } from './lib/http/client-address.ts'
      clientAddress(() => undefined); console.log('none')
      setTimeout(() => { for (const n of [1, 2]) clientAddress(() => '203.0.113.7') }, 50)`
    const options = { env: environment, cwd: fileURLToPath(new URL('../..', import.meta.url)) }
    const { stdout } = await run('npx', ['tsx', '--input-type=module', '-e', script], options)
    const lines = stdout.trim().split('\n')
    expect(lines).toHaveLength(2)
    expect(lines[0]).toBe('none')
    expect(JSON.parse(lines[1]!)).toMatchObject({
      level: 'warn',
      msg: expect.stringContaining('TENANTRY_ADDRESS_FROM'),
    })
  })
})
