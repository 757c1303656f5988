import process from 'node:process'
import { commandLine, isAlive, parentOf } from './processes.ts'

const intervalMs = 500
const shell = /^-?(\S*\/)?(sh|ash|bash|dash|zsh|fish|ksh|mksh|csh|tcsh)$/

/**
 * The processes that stand for whoever started this one: its parent, that one's parent, and so on (npm, a test runner).
 * A shell ends the row, because a shell that ends leaves its background jobs alone. The shell in which npm runs
 * a script is passed: npm stands behind it.
 */
function findStarters(): number[] {
  const script = process.env.npm_lifecycle_script
  const starters: number[] = []
  for (let pid = process.ppid; pid > 1; pid = parentOf(pid)) {
    const line = commandLine(pid)
    const isShell = shell.test(line.split(' ', 1)[0] ?? '')
    if (isShell && !(script && line.includes(script))) break
    starters.push(pid)
  }
  return starters
}

/** Calls back once, as soon as one of those that started this process is gone, however it ended. */
export function watchStarters(onGone: () => void): void {
  const parent = process.ppid
  const starters = findStarters()
  const watching = setInterval(() => {
    // An orphan gets another parent, so a new process with the old number is never mistaken for the parent.
    if (process.ppid === parent && starters.every(isAlive)) return
    clearInterval(watching)
    onGone()
  }, intervalMs)
  watching.unref()
}
