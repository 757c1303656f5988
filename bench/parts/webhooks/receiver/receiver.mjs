// A receiver of webhooks in a process of its own: answers 200 to all, and tells its parent when the last of
// this many distinct messages came, by the clock that all processes of a machine share.
import { createServer } from 'node:http'

const seen = new Set()
let awaited = 0

const server = createServer((request, response) => {
  request.resume().once('end', () => {
    response.end('ok')
    seen.add(`${request.url} ${request.headers['webhook-id']}`)
    if (seen.size === awaited) process.send({ atMs: Number(process.hrtime.bigint()) / 1e6 })
  })
})
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))

process.on('message', ({ count }) => {
  seen.clear()
  awaited = count
  process.send({ awaited })
})
process.on('disconnect', () => process.exit())
