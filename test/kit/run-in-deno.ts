import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { findDeno } from '../../stack/processes/binaries.ts'

/** What a TypeScript program prints on Deno, where edge functions run; its complaints when it prints nothing. */
export async function runInDeno(program: string): Promise<string> {
  const args = ['run', '--no-prompt', '--no-lock', '--cached-only', '--config', 'functions/deno.json']
  const child = spawn(
    findDeno(),
    [...args, '--node-modules-dir=manual', '--allow-net', '--allow-env', '--ext=ts', '-'],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    },
  )
  child.stdin.end(program)
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  return out.trim() || errors
}
