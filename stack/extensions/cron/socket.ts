import { createHash } from 'node:crypto'
import { chmod, lstat, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { giveToServer } from '../os-user.ts'

// The kernel's limit is 104 bytes on some systems, and the server appends `/.s.PGSQL.65535`.
const LONGEST_FOLDER = 88

/** Where the server puts the socket through which the scheduler logs in. No other user can enter this folder. */
export async function socketSetting(dataDir: string): Promise<string[]> {
  const preferred = path.resolve(dataDir, 'socket')
  // The setting is a list. A comma or a space in the path would be read as several folders.
  const isUsable = Buffer.byteLength(preferred) <= LONGEST_FOLDER && !/[\s,"]/.test(preferred)
  const folder = isUsable ? preferred : shortFolder(preferred)
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  // In a temporary folder another user may have put a link or a folder of this name.
  if (!(await lstat(folder)).isDirectory())
    throw new Error(`${folder} is in the way of Postgres' socket folder.`)
  await chmod(folder, 0o700)
  await giveToServer(folder)
  return ['-c', `unix_socket_directories=${folder}`]
}

function shortFolder(preferred: string): string {
  const name = createHash('sha256').update(preferred).digest('hex').slice(0, 16)
  return path.join(tmpdir(), `tenantry-${name}`)
}
