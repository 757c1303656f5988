import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from '../failure.ts'

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
  return !isZombie(pid)
}

/** A zombie still answers signal 0, but it holds nothing any more. */
function isZombie(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.startsWith('Z') ?? false
  } catch {
    return false
  }
}

/** The command line of a process, so that a reused pid is never mistaken for ours; '' when it is gone. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    // Not Linux, or gone.
  }
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' })
  } catch {
    return ''
  }
}

/** The process that started this one, or whoever looks after it since that one ended; 0 when it is gone. */
export function parentOf(pid: number): number {
  try {
    // The name, in brackets, may hold spaces and brackets itself.
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1])
  } catch {
    // Not Linux, or gone.
  }
  try {
    return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }))
  } catch {
    return 0
  }
}

/** All processes of this machine that this user can see. */
export function listProcesses(): { pid: number; parent: number; command: string }[] {
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    return pids.map(Number).map((pid) => ({ pid, parent: parentOf(pid), command: commandLine(pid) }))
  } catch {
    // Not Linux.
  }
  const lines = execFileSync('ps', ['-axo', 'pid=,ppid=,command='], { encoding: 'utf8', stdio: 'pipe' })
  return [...lines.matchAll(/^ *(\d+) +(\d+) (.*)$/gm)].map(([, pid, parent, command]) => ({
    pid: Number(pid),
    parent: Number(parent),
    command: command ?? '',
  }))
}

/** True when the process ended within the time. */
export async function waitForEnd(pid: number, milliseconds: number): Promise<boolean> {
  const until = Date.now() + milliseconds
  while (isAlive(pid)) {
    if (Date.now() > until) return false
    await sleep(20)
  }
  return true
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Already gone.
  }
}

export interface Guard {
  watch(child: ChildProcess, signal: 'INT' | 'KILL'): void
  dismiss(): void
}

// Reads which processes to look after from its stdin. When that ends without a word the gateway was
// killed with -9, and nobody but this shell is left to end its children.
const guardScript = `
trap '' INT TERM HUP
pids=""
while read -r word signal pid; do
  case "$word" in
    watch) pids="$pids $signal:$pid" ;;
    forget)
      kept=""
      for entry in $pids; do [ "$entry" = "$signal:$pid" ] || kept="$kept $entry"; done
      pids="$kept" ;;
    dismiss) exit 0 ;;
  esac
done
for entry in $pids; do kill -"\${entry%%:*}" "\${entry##*:}" 2>/dev/null; done
`

/** Starts the small shell that outlives a killed gateway just long enough to stop what it started. */
export function startGuard(): Guard {
  // In a session of its own: Ctrl-C in the terminal must reach the gateway only.
  const shell = spawn('/bin/sh', ['-c', guardScript], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  shell.unref()
  shell.stdin.on('error', () => {})
  const tell = (line: string) => shell.stdin.write(`${line}\n`)
  return {
    watch(child, signal) {
      tell(`watch ${signal} ${child.pid}`)
      child.once('exit', () => tell(`forget ${signal} ${child.pid}`))
    },
    dismiss() {
      shell.stdin.end('dismiss\n')
    },
  }
}
