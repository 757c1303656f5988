import { execFile } from 'node:child_process'
import { chown } from 'node:fs/promises'
import { promisify } from 'node:util'

/** Postgres refuses to run as root. If root starts it, it runs as the user `postgres`, who must own its files. */
export async function giveToServer(file: string): Promise<void> {
  if (process.getuid?.() !== 0) return
  const id = async (flag: string) => Number((await promisify(execFile)('id', [flag, 'postgres'])).stdout)
  await chown(file, await id('-u'), await id('-g'))
}
