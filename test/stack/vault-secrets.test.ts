import { randomBytes } from 'node:crypto'
import { expect, inject, test } from 'vitest'
import { keepVaultSecrets } from '../../stack/database/vault-secrets.ts'
import { admin } from '../kit/db.ts'

const held = async (name: string) => {
  const { rows } = await admin.query<{ secret: string }>(
    'select decrypted_secret as secret from vault.decrypted_secrets where name = $1',
    [name],
  )
  return rows.map((row) => row.secret)
}

test('a started stack has put its own address and key into Vault', async () => {
  const { api_url, secret_key } = inject('stack')
  expect(await held('tenantry_functions_url')).toEqual([`${api_url}/functions/v1`])
  expect(await held('tenantry_service_key')).toEqual([secret_key])
})

test('what changed since the last start replaces what was held', async () => {
  const { db_url } = inject('stack')
  const [one, two] = [1, 2].map(() => `test_${randomBytes(4).toString('hex')}`) as [string, string]
  await keepVaultSecrets(db_url, { [one]: 'http://127.0.0.1:1', [two]: 'kept' })
  await keepVaultSecrets(db_url, { [one]: 'http://127.0.0.1:2', [two]: 'kept' })
  expect([await held(one), await held(two)]).toEqual([['http://127.0.0.1:2'], ['kept']])
  await admin.query('delete from vault.secrets where name = any ($1)', [[one, two]])
})
