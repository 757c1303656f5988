import { randomBytes, randomUUID } from 'node:crypto'
import { chmod, link, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { giveToServer } from '../os-user.ts'

const KEY_BYTES = 32

/**
 * The postgres flags that tell the vault where its root key is. The key is `<dataDir>/vault.key`. It is made at the
 * first use, and only the server's operating-system user can read it. It is outside the database, so neither a dump
 * nor a query shows it. Without the key, the secrets in a backup cannot be read.
 *
 * `dataDir` must exist. If it is Postgres' own data folder, call this after initdb, which refuses a
 * folder that is not empty.
 */
export async function vaultKeySetting(dataDir: string): Promise<string[]> {
  const file = path.resolve(dataDir, 'vault.key')
  if (/["\\\n]/.test(file)) {
    throw new Error(`The data folder's path must not contain a quote, a backslash or a line break: ${file}`)
  }
  const key = await readFile(file).catch(() => createKey(file))
  if (key.length !== KEY_BYTES) {
    throw new Error(`${file} is not a vault key: it has ${key.length} bytes, not ${KEY_BYTES}.`)
  }
  await chmod(file, 0o600)
  await giveToServer(file)
  return ['-c', `vault.key_file=${file}`]
}

/** Two first starts at the same time must use one key, so the file appears complete and only if there is none. */
async function createKey(file: string): Promise<Buffer> {
  const draft = `${file}.${randomUUID()}`
  try {
    await writeFile(draft, randomBytes(KEY_BYTES), { mode: 0o600, flag: 'wx' })
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
  return await readFile(file)
}
