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
