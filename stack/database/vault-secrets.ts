import { Client } from 'pg'

/** Makes Vault hold these, by name. The port is another after a restart, so it is done at each. */
export async function keepVaultSecrets(dbUrl: string, secrets: Record<string, string>): Promise<void> {
  const client = new Client({ connectionString: dbUrl })
  await client.connect()
  try {
    const { rows } = await client.query(`select to_regclass('vault.secrets') is not null as present`)
    // Migrations of another project, without Vault.
    if (!rows[0]?.present) return
    await client.query(
      `select case when held.id is null then vault.create_secret(given.value, given.key)::text
         else vault.update_secret(held.id, given.value)::text end
       from jsonb_each_text($1) as given
       left join vault.decrypted_secrets as held on held.name = given.key
       where held.decrypted_secret is distinct from given.value`,
      [JSON.stringify(secrets)],
    )
  } finally {
    await client.end()
  }
}
