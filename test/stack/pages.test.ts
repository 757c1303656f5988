import { request } from 'node:http'
import { expect, inject, it } from 'vitest'

const { api_url } = inject('stack')
const get = (path: string, headers: Record<string, string> = {}) => fetch(`${api_url}${path}`, { headers })

it('sends scripts and pages compressed to whoever takes that, and once', async () => {
  const first = await get('/quiz/quiz.js', { 'accept-encoding': 'gzip' })
  expect(first.headers.get('content-encoding')).toBe('gzip')
  expect(first.headers.get('vary')).toMatch(/accept-encoding/i)
  const etag = first.headers.get('etag')!
  const again = await get('/quiz/quiz.js', { 'accept-encoding': 'gzip', 'if-none-match': etag })
  expect(again.status).toBe(304)

  const plain = await get('/quiz/quiz.js', { 'accept-encoding': 'identity' })
  expect(plain.headers.get('content-encoding')).toBeNull()
  expect(await plain.text()).toBe(await first.text())
  const other = await get('/quiz/quiz.js', { 'if-none-match': '"another"' })
  expect(other.status).toBe(200)
})

it('compresses nothing for whoever refuses that', async () => {
  const refused = await get('/quiz/quiz.js', { 'accept-encoding': 'gzip;q=0, identity' })
  expect(refused.headers.get('content-encoding')).toBeNull()
  expect(refused.headers.get('vary')).toMatch(/accept-encoding/i)
})

it('lets browsers keep the built files of the console, and has them ask again for its page', async () => {
  const headers = { host: `console.localhost:${new URL(api_url).port}` }
  const ask = (path: string) =>
    new Promise<{ cached: string | undefined; body: string }>((resolve, reject) => {
      request(`${api_url}${path}`, { headers }, async (answer) => {
        resolve({ cached: answer.headers['cache-control'], body: (await answer.toArray()).join('') })
      })
        .on('error', reject)
        .end()
    })
  const page = await ask('/')
  expect(page.cached).toBe('no-cache')
  const [file] = /\/assets\/[\w-]+\.js/.exec(page.body)!
  expect((await ask(file)).cached).toBe('public, max-age=31536000, immutable')
  expect((await ask('/assets/none.js')).cached).toBe('no-store')
})
