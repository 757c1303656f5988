import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bootStack, makeTempDir, runStack } from '../kit/stack.ts'
import { makeProject } from './project.ts'

let root: string
const folders: string[] = []
beforeAll(async () => {
  root = await makeProject({
    'functions/hello/index.ts': 'Deno.serve(() => new Response("hello"))',
    'functions/other/index.ts': 'Deno.serve(() => new Response("other"))',
  })
})
afterAll(async () => {
  for (const folder of [root, ...folders]) await rm(folder, { recursive: true, force: true })
})

it('starts only the functions that are named', async () => {
  const stack = await bootStack({ root, args: ['--functions', 'hello'] })
  try {
    const ask = (name: string) => fetch(`${stack.access.api_url}/functions/v1/${name}`)
    expect(await (await ask('hello')).text()).toBe('hello')
    expect((await ask('other')).status).toBe(404)
    expect(Object.keys((await stack.stackFile()).runtime.functions)).toEqual(['hello'])
  } finally {
    await stack.stop()
  }
})

it('says which there are when one is not there', async () => {
  const dataDir = await makeTempDir()
  folders.push(dataDir)
  const args = ['start', '--port', '0', '--data', dataDir, '--root', root, '--functions', 'hello,nothere']
  const { code, stderr } = await runStack(args)
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('--functions takes names of hello, other, not "nothere".'),
  })
})
