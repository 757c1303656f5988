import { spawn } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { runInDeno } from '../../kit/run-in-deno.ts'
import { makeTempDir } from '../../kit/stack.ts'
import { ok, receive } from '../servers.ts'

async function runInNode(program: string): Promise<string> {
  const folder = await makeTempDir()
  const file = join(folder, 'program.ts')
  await writeFile(file, program.replaceAll(`'./test/`, `'${process.cwd()}/test/`))
  const child = spawn(process.execPath, ['stack/run.js', file])
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  await rm(folder, { recursive: true })
  return out.trim() || errors
}

describe.each([
  ['Node', runInNode],
  ['Deno', runInDeno],
])('on %s', (_runtime, runProgram) => {
  it('a kept connection keeps no process alive', async () => {
    const { url, connections } = await receive((socket) => socket.write(ok('hello')))
    const steps = Array.from({ length: 3 }, () => ({ url, keepAlive: true }))
    // The timer holds nothing either: it fires only in a process that something else keeps alive.
    const printed = await runProgram(`
      import { setTimeout } from 'node:timers'
      import { runSteps } from './test/net/steps.ts'
      const outcomes = await runSteps(${JSON.stringify(steps)})
      console.log(outcomes.map(({ end }) => end).join())
      setTimeout(() => console.log('still alive'), 500).unref()`)
    expect(printed).toBe('200 hello,200 hello,200 hello')
    expect(connections()).toBe(1)
  })
})
