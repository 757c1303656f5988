import { describe, expect, it } from 'vitest'
import { createClient } from '../../lib/client/index.ts'
import { hangUp, json, type ScriptedServer, serve } from './scripted-server.ts'

interface Query {
  params?: { query?: { limit?: number; cursor?: string } }
}
type List = (path: string, init?: Query) => AsyncGenerator<unknown>

/** Over a path as text: which paths are lists is the compiler's business, and what arrives is this test's. */
const endpointsOf = (server: ScriptedServer, init?: Query) => {
  const client = createClient({ url: server.url, retry: { baseDelaySeconds: 0.01 } })
  return (client.list as unknown as List)('/webhooks/endpoints', init)
}
const page = (items: string[], next: string | null) => json({ endpoints: items, next_cursor: next })
const queriesOf = ({ seen }: ScriptedServer) => seen.map(({ url }) => url.split('?')[1] ?? '')

describe('a list', () => {
  it('goes through all pages, in order', async () => {
    const server = await serve(page(['a', 'b'], 'after b'), page(['c'], 'after c'), page([], null))
    const items: unknown[] = []
    for await (const item of endpointsOf(server)) items.push(item)
    expect(items).toEqual(['a', 'b', 'c'])
    expect(queriesOf(server)).toEqual(['', 'cursor=after%20b', 'cursor=after%20c'])
  })

  it('keeps the size of a page, and starts where it is told', async () => {
    const server = await serve(page(['b'], 'x'), page(['c'], null))
    const init = { params: { query: { limit: 1, cursor: 'a' } } }
    for await (const _ of endpointsOf(server, init));
    expect(queriesOf(server)).toEqual(['limit=1&cursor=a', 'limit=1&cursor=x'])
  })

  it('asks for nothing before the loop, and for no more after it was left', async () => {
    const server = await serve(page(['a', 'b'], 'x'))
    const list = endpointsOf(server)
    expect(server.seen).toHaveLength(0)
    for await (const _ of list) break
    expect(server.seen).toHaveLength(1)
  })

  it('survives a page that was cut off, and gives no item twice', async () => {
    const server = await serve(page(['a'], 'x'), hangUp, page(['b'], null))
    const items: unknown[] = []
    for await (const item of endpointsOf(server)) items.push(item)
    expect(items).toEqual(['a', 'b'])
  })

  it('that goes in circles is ended', async () => {
    const server = await serve(page(['a'], 'x'))
    const walk = async () => {
      for await (const _ of endpointsOf(server));
    }
    await expect(walk()).rejects.toThrow('same cursor twice')
    expect(server.seen).toHaveLength(2)
  })

  it('throws what a page throws', async () => {
    const server = await serve(
      json({ code: 'forbidden' }, 403, { 'content-type': 'application/problem+json' }),
    )
    await expect(endpointsOf(server).next()).rejects.toMatchObject({ code: 'forbidden' })
  })
})
