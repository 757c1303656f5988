import type { Answer } from './contract.ts'

/**
 * Every item of a list, page after page. The next page is asked for when the loop gets there, so leaving
 * the loop early asks for no more.
 */
export async function* listItems(
  readPage: (query: Record<string, string>) => Promise<Answer<unknown>>,
): AsyncGenerator<unknown, void, undefined> {
  let cursor: string | undefined
  do {
    const { data } = await readPage(cursor === undefined ? {} : { cursor })
    const page = data as Record<string, unknown> & { next_cursor?: string | null }
    // A page has one list: its items, under their plural noun.
    yield* Object.values(page).find(Array.isArray) ?? []
    const next = page.next_cursor ?? undefined
    if (next !== undefined && next === cursor) throw new Error('The server gave the same cursor twice.')
    cursor = next
  } while (cursor !== undefined)
}
