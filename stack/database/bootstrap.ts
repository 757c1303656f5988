import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Client } from 'pg'
import { loadAuthRest } from '../auth-rest/load-lite.ts'
import { databaseUrl, type StackFile } from '../secrets.ts'

/** Makes the bare server look like a hosted project. Runs again when its SQL changed; true when it ran. */
export async function bootstrap(file: StackFile, port: number): Promise<boolean> {
  const roles = await readSql('roles.sql')
  const auth = await readSql('auth.sql')
  const storage = await readSql('storage.sql')
  const fingerprint = createHash('sha256').update(roles).update(auth).update(storage).digest('hex')
  if (file.bootstrap === fingerprint) return false

  const admin = new Client({ connectionString: databaseUrl(file, 'supabase_admin', port) })
  await admin.connect()
  try {
    await admin.query('begin')
    await admin.query(roles)
    for (const role of ['postgres', 'authenticator', 'supabase_auth_admin'] as const) {
      const password = admin.escapeLiteral(file.database_passwords[role])
      await admin.query(`alter role ${role} password ${password}`)
    }
    await admin.query('commit')
    const { provisionAuth, storageSchema } = await loadAuthRest()
    await provisionAuth(file, port)
    await admin.query('begin')
    await admin.query(auth)
    await admin.query(storageSchema())
    await admin.query(storage)
    await admin.query('commit')
  } finally {
    await admin.end()
  }
  file.bootstrap = fingerprint
  return true
}

function readSql(name: string): Promise<string> {
  return readFile(new URL(name, import.meta.url), 'utf8')
}
