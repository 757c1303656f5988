import { socketSetting } from './cron/socket.ts'
import { vaultKeySetting } from './vault/key.ts'

/**
 * The flags that the extensions need on the server's command line. They must come after any others.
 * `dataDir` is the stack's data folder, which exists. Nothing is written into Postgres' own folder inside it.
 */
export async function serverSettings(dataDir: string): Promise<string[]> {
  return [...(await vaultKeySetting(dataDir)), ...(await socketSetting(dataDir))]
}
