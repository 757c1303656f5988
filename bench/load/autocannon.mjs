// What wrk.lua does, where wrk is not installed: URL CONNECTIONS SECONDS sequence|random|same FIRST LAST START AMOUNT HEADERS.
import autocannon from 'autocannon'

const [url, connections, seconds, order, ...rest] = process.argv.slice(2)
const [first, last, start, amount] = rest.map(Number)
const headers = JSON.parse(rest[4])
const span = last - first + 1
let at = start
const next = () =>
  order === 'same'
    ? ''
    : first + (order === 'random' ? Math.floor(Math.random() * span) : (++at * 48_611) % span)
const { origin, pathname } = new URL(url)

const result = await autocannon({
  url: origin,
  connections: Number(connections),
  ...(amount > 0 ? { amount } : { duration: Number(seconds) }),
  headers,
  requests: [{ setupRequest: (request) => ({ ...request, path: pathname + next() }) }],
})
const { average: mean, p50, p99 } = result.latency
const failed = result.errors + result.timeouts + result.non2xx
console.log(
  JSON.stringify({ requests: result.requests.total, seconds: result.duration, mean, p50, p99, failed }),
)
