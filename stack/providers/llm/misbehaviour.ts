import type { ServerResponse } from 'node:http'

/**
 * How the local model misbehaves, so that whoever asks can be tested against it. It does so if the name of the model that is
 * asked for is one of these, and for no other.
 *
 * | model          | what happens |
 * |----------------|--------------|
 * | `refuse-key`   | 401 |
 * | `busy`         | 429 with `Retry-After: 7` |
 * | `fail`         | 500 |
 * | `hang`         | nothing, for ten minutes |
 * | `cut`          | half an answer, and the connection ends |
 * | `no-json`      | 200, and a page of HTML in the place of the answer |
 * | `huge`         | an answer of four megabytes |
 * | `prose`        | an answer in prose, also where JSON is asked for |
 * | `parrot`       | all that it was told, the instructions first |
 * | `odd`          | an answer with characters that no text should have |
 * | `decline`      | the model will not answer |
 * | `no-usage`     | an answer that does not say how many tokens it took |
 */
type Mode = (typeof modes)[number]
const modes = ['refuse-key', 'busy', 'fail', 'hang', 'cut', 'no-json', 'huge'] as const

export function modeOf(model: string): Mode | null {
  return modes.find((mode) => mode === model) ?? null
}

export function misbehave(mode: Mode, response: ServerResponse): void {
  const answer = (status: number, body: string, headers: Record<string, string> = {}) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  const error = (message: string) => JSON.stringify({ error: { message } })
  switch (mode) {
    case 'refuse-key':
      return void answer(401, error('Incorrect API key provided.'))
    case 'busy':
      return void answer(429, error('Too many requests.'), { 'retry-after': '7' })
    case 'fail':
      return void answer(500, error('The server had an error.'))
    case 'hang':
      return void setTimeout(() => response.destroy(), 600_000).unref()
    case 'cut':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('{"choices": [')
      return void setTimeout(() => response.destroy(), 50)
    case 'no-json':
      return void answer(200, '<!doctype html><title>Hello</title>', { 'content-type': 'text/html' })
    case 'huge':
      return void answer(200, JSON.stringify({ choices: [], padding: 'x'.repeat(4 * 1_048_576) }))
  }
}
