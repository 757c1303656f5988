import { readdir, readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'

/** Where Linux shows every user's command lines to every user. */
export const procFolder = '/proc'

/** Reads the command lines of all processes over and over, as any local user can, while some work is done. */
export async function watchCommandLines<Result>(
  work: () => Promise<Result>,
): Promise<{ result: Result; commandLines: Set<string> }> {
  const commandLines = new Set<string>()
  let isOver = false
  const watching = (async () => {
    while (!isOver) {
      for (const line of await readCommandLines()) commandLines.add(line)
      await setTimeout(25)
    }
  })()
  try {
    return { result: await work(), commandLines }
  } finally {
    isOver = true
    await watching
  }
}

async function readCommandLines(): Promise<string[]> {
  const pids = (await readdir(procFolder)).filter((name) => /^\d+$/.test(name))
  return Promise.all(
    // A process may end before its turn comes.
    pids.map((pid) => readFile(`${procFolder}/${pid}/cmdline`, 'utf8').catch(() => '')),
  )
}
