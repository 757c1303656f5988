import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import { invalid, unknownObject } from '../errors.ts'
import { isLinkGood, mostMediaBytes, signLink } from '../media.ts'
import { happens } from '../misbehaviour.ts'
import type { Platform } from '../platform.ts'
import { isMarkAsRead } from '../send/schema.ts'
import { markAsRead, send } from '../send/send.ts'
import { numberFor, numbersOf, tokenIn } from './access.ts'

const messaging = 'whatsapp_business_messaging'
const silenceMs = 600_000

type Env = { Bindings: HttpBindings }

/** Messages and files. */
export function messagesApi(platform: Platform, url: () => string) {
  return new Hono<Env>()
    .post('/:id/messages', async (c) => {
      const number = numberFor(platform, c, messaging)
      const sent: unknown = await c.req.json().catch(() => {
        throw invalid('The body is no JSON.')
      })
      if (isMarkAsRead(sent)) {
        await sleep(number.misbehaviour.mark_delay_ms ?? 0)
        return c.json(markAsRead(platform, number, sent))
      }
      const answer = send(platform, number, sent)
      if (happens(number.misbehaviour, 'lost_answers')) return cutOff(c)
      if (happens(number.misbehaviour, 'silent_answers')) return fallSilent(c)
      return c.json(answer)
    })
    .post('/:id/media', async (c) => {
      const number = numberFor(platform, c, messaging)
      const { file, messaging_product, type } = await c.req.parseBody()
      if (messaging_product !== 'whatsapp') throw invalid('The parameter messaging_product is required.')
      if (!(file instanceof File)) throw invalid('The parameter file is required.')
      if (file.size > mostMediaBytes) throw invalid('Param file is too large.')
      const mime = (typeof type === 'string' && /\//.test(type) ? type : file.type).split(';')[0]!.trim()
      if (!/^[a-z]+\/[a-z0-9.+-]+$/.test(mime) || mime === 'application/octet-stream')
        throw invalid('Param file must be a file with a type.')
      const bytes = new Uint8Array(await file.arrayBuffer())
      const { id } = await platform.media.add(number.phone_number_id, mime, bytes)
      platform.changed()
      return c.json({ id })
    })
    .get('/whatsapp_business/attachments/', async (c) => {
      // The address is worth nothing without the token, and nothing five minutes later.
      const numbers = numbersOf(platform, tokenIn(c))
      const query = new URL(c.req.url).searchParams
      const media = platform.media.find(query.get('mid') ?? '')
      const number = numbers.find(({ phone_number_id }) => phone_number_id === media?.phone_number_id)
      const isGood = number && isLinkGood(query, number.app_secret)
      const bytes = isGood && media && (await platform.media.read(media.id))
      if (!bytes || !media) return c.text('Not Found', 404)
      return c.body(bytes, 200, { 'content-type': media.mime_type })
    })
    .get('/:id', (c, next) => {
      const media = platform.media.find(c.req.param('id'))
      if (!media) return next()
      const { id, phone_number_id, ...about } = media
      const number = numbersOf(platform, tokenIn(c)).find((each) => each.phone_number_id === phone_number_id)
      if (!number) throw unknownObject('get', id)
      const link = `${url()}/whatsapp_business/attachments/?${signLink(id, number.app_secret)}`
      return c.json({ url: link, ...about, id, messaging_product: 'whatsapp' })
    })
}

function cutOff(c: Context<Env>): Response {
  c.env.incoming.socket.destroy()
  return RESPONSE_ALREADY_SENT
}

function fallSilent(c: Context<Env>): Response {
  setTimeout(() => c.env.incoming.socket.destroy(), silenceMs).unref()
  return RESPONSE_ALREADY_SENT
}
