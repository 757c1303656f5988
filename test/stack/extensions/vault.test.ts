import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type BareServer, startBareServer } from './bare-server.ts'

let server: BareServer
let admin: pg.Client
let postgres: pg.Client

beforeAll(async () => {
  server = await startBareServer()
  admin = await server.connect('supabase_admin')
  postgres = await server.connect('postgres')
  await postgres.query('create extension if not exists supabase_vault with schema vault cascade')
})
afterAll(() => server?.stop())
beforeEach(() => postgres.query('delete from vault.secrets'))

const createSecret = async (...args: unknown[]): Promise<string> => {
  const places = args.map((_, i) => `$${i + 1}`).join(', ')
  return (await postgres.query(`select vault.create_secret(${places}) as id`, args)).rows[0].id
}
const read = async (id: string): Promise<string> =>
  (await postgres.query('select decrypted_secret as text from vault.decrypted_secrets where id = $1', [id]))
    .rows[0].text

describe('a secret', () => {
  test('is read back as it was given', async () => {
    for (const text of ['s3kr3t', '', 'ünïcödé 🔑', 'x'.repeat(100_000)]) {
      expect(await read(await createSecret(text))).toBe(text)
    }
  })

  test('has a name that no other secret may have', async () => {
    await createSecret('one', 'smtp', 'the mail server')
    await expect(createSecret('two', 'smtp')).rejects.toMatchObject({ code: '23505' })
    await createSecret('nameless')
    await createSecret('nameless too')
  })

  test('must not be null', async () => {
    await expect(createSecret(null)).rejects.toMatchObject({ code: '23502' })
  })

  test('keeps what an update leaves out', async () => {
    const id = await createSecret('old', 'name', 'description')
    await postgres.query('select vault.update_secret($1, new_secret => $2)', [id, 'new'])
    const { rows } = await postgres.query('select * from vault.decrypted_secrets where id = $1', [id])
    expect(rows[0]).toMatchObject({ decrypted_secret: 'new', name: 'name', description: 'description' })
    await postgres.query('select vault.update_secret($1, new_name => $2)', [id, 'other'])
    expect(await read(id)).toBe('new')
  })

  test('is encrypted under a new nonce each time', async () => {
    const id = await createSecret('same')
    const before = (await postgres.query('select secret, nonce from vault.secrets where id = $1', [id]))
      .rows[0]
    await postgres.query('select vault.update_secret($1, $2)', [id, 'same'])
    const after = (await postgres.query('select secret, nonce from vault.secrets where id = $1', [id]))
      .rows[0]
    expect(after.nonce.equals(before.nonce)).toBe(false)
    expect(after.secret).not.toBe(before.secret)
  })
})

const flipByte = (place: number) =>
  `set secret = encode(set_byte(decode(secret, 'base64'), ${place},
     get_byte(decode(secret, 'base64'), ${place}) # 1), 'base64')`

describe('what is stored', () => {
  test('shows no plain text, in the table or in the server’s files', async () => {
    const text = 'plain-text-marker-7261'
    await createSecret(text)
    await admin.query('checkpoint')
    const { rows } = await admin.query(
      `select array_agg(s::text)::text as dump, min(pg_relation_filepath('vault.secrets')) as heap,
         min(pg_walfile_name(pg_current_wal_lsn())) as wal
       from vault.secrets s`,
    )
    const files = path.join(server.dataDir, 'postgres')
    const heap = await readFile(path.join(files, rows[0].heap))
    const wal = await readFile(path.join(files, 'pg_wal', rows[0].wal))
    for (const place of [rows[0].dump, heap, wal]) expect(place.includes(text)).toBe(false)
  })

  test.each([
    ['a changed byte', flipByte(3)],
    ['a changed tag', flipByte(70)],
    ['a cut end', `set secret = encode(substring(decode(secret, 'base64') for 31), 'base64')`],
    ['a changed nonce', `set nonce = set_byte(nonce, 0, get_byte(nonce, 0) # 1)`],
    ['a lost nonce', `set nonce = null`],
    ['another row’s id', `set id = gen_random_uuid()`],
  ])('is refused with %s', async (_what, change) => {
    await createSecret('long enough for two blocks of it', 'victim')
    await admin.query(`update vault.secrets ${change} where name = 'victim'`)
    await expect(
      postgres.query(`select decrypted_secret from vault.decrypted_secrets where name = 'victim'`),
    ).rejects.toThrow('invalid ciphertext')
  })

  test('is refused when moved to another row', async () => {
    const rich = await createSecret('the rich one')
    const poor = await createSecret('the poor one')
    await admin.query(
      `update vault.secrets v set secret = o.secret, nonce = o.nonce from vault.secrets o
       where v.id = $1 and o.id = $2`,
      [poor, rich],
    )
    await expect(read(poor)).rejects.toThrow('invalid ciphertext')
    expect(await read(rich)).toBe('the rich one')
  })
})

describe('the root key', () => {
  test('is a file of the server’s user alone', async () => {
    const { mode, size } = await stat(path.join(server.dataDir, 'vault.key'))
    expect(mode & 0o777).toBe(0o600)
    expect(size).toBe(32)
  })

  test.each([
    'select vault._root_key()',
    `select vault._derive_key('encrypt', 0, 'pgsodium')`,
    `select vault._crypto_aead_det_encrypt('x', 'y', 0)`,
    `select pg_read_binary_file(current_setting('vault.key_file'))`,
    `select pg_read_file('postmaster.opts')`,
    `copy (select 1) to program 'cat'`,
    `create function pg_temp.f(bytea, bytea, text) returns bytea language c as '$libdir/pgcrypto', 'pg_hmac'`,
    `create or replace function vault._hmac(data bytea, key bytea, type text) returns bytea
       language sql as 'select key'`,
    `create function vault._hmac(data text, key bytea, type text) returns bytea language sql as 'select key'`,
    `alter function vault._root_key() owner to postgres`,
    `drop function vault._hmac(bytea, bytea, text)`,
    `alter extension supabase_vault drop function vault._hmac(bytea, bytea, text)`,
    `alter schema vault owner to postgres`,
    `grant pg_read_server_files to postgres`,
    `update vault.secrets set description = 'mine'`,
    `insert into vault.secrets (secret) values ('mine')`,
  ])('is out of reach of the role postgres: %s', async (attempt) => {
    await expect(postgres.query(attempt)).rejects.toMatchObject({
      code: expect.stringMatching(/^(42501|2BP01|0LP01)$/),
    })
  })

  test('cannot be exchanged by changing the setting', async () => {
    const session = await server.connect('postgres')
    const id = await createSecret('constant')
    await session.query(`set vault.key_file = '/etc/hostname'`)
    const { rows } = await session.query(
      'select decrypted_secret from vault.decrypted_secrets where id = $1',
      [id],
    )
    expect(rows[0].decrypted_secret).toBe('constant')
  })
})

describe('who may use the vault', () => {
  const as = async (role: string, sql: string) => {
    const session = await server.connect('postgres')
    await session.query(`set role ${role}`)
    return session.query(sql)
  }

  test('service_role reads and makes secrets', async () => {
    await as('service_role', `select vault.create_secret('for the service', 'service')`)
    const { rows } = await as('service_role', 'select decrypted_secret as text from vault.decrypted_secrets')
    expect(rows).toEqual([{ text: 'for the service' }])
  })

  test.each(['anon', 'authenticated', 'coach'])('%s may do nothing', async (role) => {
    await admin.query('grant coach to postgres')
    for (const sql of [
      'select * from vault.secrets',
      'select * from vault.decrypted_secrets',
      `select vault.create_secret('x')`,
      'select vault.update_secret(gen_random_uuid())',
    ]) {
      await expect(as(role, sql)).rejects.toMatchObject({ code: '42501' })
    }
  })
})
