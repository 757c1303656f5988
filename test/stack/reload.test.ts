import { rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../kit/eventually.ts'
import { type BootedStack, bootStack } from '../kit/stack.ts'
import { makeProject } from './project.ts'

const answering = (text: string) => `
import { word } from '../../lib/word.ts'
Deno.serve(async (request) => {
  const { pathname } = new URL(request.url)
  if (pathname === '/hello/size') return new Response(String((await request.arrayBuffer()).byteLength))
  if (pathname === '/hello/headers') return Response.json(Object.fromEntries(request.headers))
  if (pathname === '/hello/environment') return Response.json(Deno.env.toObject())
  if (pathname === '/hello/passwd') return new Response(await Deno.readTextFile('/etc/passwd').catch((error) => error.name))
  return new Response(${JSON.stringify(text)} + ' ' + word + ' ' + pathname)
})
`

let root: string
let stack: BootedStack

const hello = (path = '', init?: RequestInit) =>
  fetch(`${stack.access.api_url}/functions/v1/hello${path}`, init)
const text = async () => {
  const answer = await hello()
  return answer.ok ? answer.text() : `${answer.status}`
}
const edit = (path: string, content: string) => writeFile(join(root, path), content)

beforeAll(async () => {
  root = await makeProject({
    'functions/hello/index.ts': answering('one'),
    'lib/word.ts': `export const word = 'word'`,
  })
  stack = await bootStack({ root })
})

afterAll(async () => {
  await stack.stop()
  await rm(root, { recursive: true, force: true })
})

describe('a function', () => {
  test('is reached without /functions/v1 in its path, as hosted', async () => {
    expect(await text()).toBe('one word /hello')
  })

  test('gets the Host and what the gateway knows of the caller, not what the caller claims', async () => {
    const headers = await (
      await hello('/headers', {
        headers: {
          'x-forwarded-host': 'elsewhere.test',
          'x-forwarded-for': '203.0.113.9',
          'cf-connecting-ip': '203.0.113.9',
        },
      })
    ).json()
    const host = new URL(stack.access.api_url).host
    expect(headers).toMatchObject({ host, 'x-forwarded-host': host, 'cf-connecting-ip': '127.0.0.1' })
    // As hosted: what the caller claims stays, and the gateway appends.
    expect(headers['x-forwarded-for']).toBe('203.0.113.9, 127.0.0.1')
  })

  test('gets bodies whole, whether their length is told or not', async () => {
    const bytes = new Uint8Array(3_000_000)
    expect(await (await hello('/size', { method: 'POST', body: bytes })).text()).toBe('3000000')
    const streamed = { method: 'POST', body: new Blob([bytes]).stream(), duplex: 'half' } as RequestInit
    expect(await (await hello('/size', streamed)).text()).toBe('3000000')
  })

  test('has the hosted variables, and none of the shell that started the stack', async () => {
    const found: Record<string, string> = await (await hello('/environment')).json()
    expect(found.SUPABASE_URL).toBe(stack.access.api_url)
    expect(found.SUPABASE_DB_URL).toBe(stack.access.db_url)
    expect(JSON.parse(found.SUPABASE_PUBLISHABLE_KEYS!)).toEqual({ default: stack.access.publishable_key })
    expect(JSON.parse(found.SUPABASE_SECRET_KEYS!)).toEqual({ default: stack.access.secret_key })
    expect(JSON.parse(found.SUPABASE_JWKS!)).toEqual({ keys: [] })
    expect(Object.keys(found).filter((name) => /^(VITEST|NODE|npm_)/.test(name))).toEqual([])
  })

  test('may not read files beyond its own', async () => {
    expect(await (await hello('/passwd')).text()).toBe('NotCapable')
  })

  test('reloads when its file or one it imports changes', async () => {
    await edit('functions/hello/index.ts', answering('two'))
    await expect.poll(text).toBe('two word /hello')
    await edit('lib/word.ts', `export const word = 'other'`)
    await expect.poll(text).toBe('two other /hello')
  })

  test('with an error answers 503 in a sentence, and comes back with the next edit', async () => {
    await edit('functions/hello/index.ts', 'this is not TypeScript')
    await expect.poll(text).toBe('503')
    expect(await (await hello()).json()).toMatchObject({
      status: 503,
      code: 'function_unavailable',
      detail: expect.stringContaining('"hello" is not running'),
    })
    await edit('functions/hello/index.ts', answering('three'))
    await expect.poll(text).toBe('three other /hello')
  })

  test('that was killed is started again', async () => {
    const pid = await eventually(async () => {
      // It may have been started again for the last edit, and be written down a moment later.
      const { pid } = (await stack.stackFile()).runtime.functions.hello!
      process.kill(pid, 'SIGKILL')
      return pid
    })
    await expect.poll(text).toBe('three other /hello')
    const recorded = async () => (await stack.stackFile()).runtime.functions.hello?.pid
    await expect.poll(recorded).not.toBe(pid)
  })

  test('whose port somebody else took while it restarted gets another one', async () => {
    const { port } = (await stack.stackFile()).runtime.functions.hello!
    // It takes its time, so that its port is free for a moment.
    await edit(
      'lib/word.ts',
      `await new Promise((go) => setTimeout(go, 1_500)); export const word = 'patient'`,
    )
    const other = createServer((_, response) => response.end('somebody else'))
    await eventually(
      () =>
        new Promise<void>((resolve, reject) => {
          other.once('error', reject).listen(port, '127.0.0.1', resolve)
        }),
    )
    try {
      await expect.poll(text, { timeout: 10_000 }).toBe('three patient /hello')
    } finally {
      other.close()
    }
  })

  test('that ended in an uncaught error is started again', async () => {
    const { pid } = (await stack.stackFile()).runtime.functions.hello!
    await edit(
      'lib/word.ts',
      `export const word = 'brief'; setTimeout(() => { throw new Error('late') }, 300)`,
    )
    const runs = async () => (await stack.stackFile()).runtime.functions.hello!.pid !== pid
    await expect.poll(runs).toBe(true)
  })
})
