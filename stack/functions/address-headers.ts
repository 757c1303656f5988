import type { IncomingMessage } from 'node:http'

/**
 * What the gateway says about where a request came from, as a hosted project gets it: cf-connecting-ip is the edge's own
 * word, and x-forwarded-for begins with what the caller claims. A rule that believes the claim must fail here too.
 */
export function addressHeaders({ headers, socket }: IncomingMessage): [string, string][] {
  const address = socket.remoteAddress ?? ''
  const claimed = headers['x-forwarded-for']
  const list = [claimed ?? [], address].flat().join(', ')
  return [
    ['cf-connecting-ip', address],
    ['x-real-ip', address],
    ['x-forwarded-for', list],
  ]
}
