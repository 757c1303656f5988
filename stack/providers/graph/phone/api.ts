import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { type Chat, Contact, isWindowOpen } from '../chats.ts'
import { mostMediaBytes } from '../media.ts'
import { NewNumber, type WhatsappNumber } from '../numbers.ts'
import type { PhoneMessage, Platform } from '../platform.ts'
import { readChat } from '../send/statuses.ts'
import { CallbackRefused } from '../webhooks/handshake.ts'

const Callback = z.strictObject({ callback_url: z.string().max(2000), verify_token: z.string().max(500) })
const Written = z.strictObject({
  message: z.looseObject({ type: z.string().regex(/^[a-z_]{1,40}$/) }),
  /** When it is written, which may be long ago. */
  at: z.iso.datetime({ offset: true }).optional(),
  reply_to: z.string().max(300).optional(),
})
const ContactChange = Contact.omit({ phone: true }).partial()

class Refused extends Error {
  readonly status: 400 | 404 | 409 | 422
  constructor(status: Refused['status'], message: string) {
    super(message)
    this.status = status
  }
}

/** What the page does, and what tests do: numbers and how they misbehave, phones that write and read. */
export function phoneApi(platform: Platform) {
  const numberOf = (c: Context): WhatsappNumber => {
    const found = platform.find(c.req.param('id') ?? '')
    if (!found) throw new Refused(404, 'There is no such number.')
    return found
  }
  const chatOf = (c: Context): Chat => {
    const chat = platform.chats.find(numberOf(c), c.req.param('phone') ?? '')
    if (!chat) throw new Refused(404, 'There is no chat of these two.')
    return chat
  }
  /** Who has the phone: as known before, or with its number for a name. */
  const contactOf = (c: Context, change: z.infer<typeof ContactChange> = {}): Contact => {
    const phone = c.req.param('phone') ?? ''
    const known = platform.chats.find(numberOf(c), phone)?.contact
    return parse(Contact, { phone, name: `+${phone}`, ...known, ...change })
  }
  return new Hono()
    .get('/revision', (c) => c.json({ revision: platform.revision }))
    .get('/numbers', (c) => c.json({ numbers: platform.numbers() }))
    .post('/numbers', async (c) => {
      const wanted = parse(NewNumber, await bodyOf(c))
      if (wanted.phone_number_id && platform.find(wanted.phone_number_id))
        throw new Refused(409, 'There is already a number with this id.')
      return c.json(platform.makeNumber(wanted), 201)
    })
    .get('/numbers/:id', (c) => c.json(numberOf(c)))
    .patch('/numbers/:id', async (c) => {
      const Change = NewNumber.omit({ phone_number_id: true })
      return c.json(platform.changeNumber(numberOf(c), parse(Change, await bodyOf(c))))
    })
    .delete('/numbers/:id', (c) => {
      platform.removeNumber(numberOf(c))
      return c.body(null, 204)
    })
    .put('/numbers/:id/callback', async (c) => {
      const number = numberOf(c)
      const { callback_url, verify_token } = parse(Callback, await bodyOf(c))
      await platform.setCallback(number, callback_url, verify_token).catch((error) => {
        throw error instanceof CallbackRefused ? new Refused(422, error.message) : error
      })
      return c.json(number)
    })
    .get('/numbers/:id/deliveries', (c) =>
      c.json({ deliveries: platform.deliveries.of(numberOf(c).phone_number_id) }),
    )
    .get('/numbers/:id/chats', (c) => c.json({ chats: platform.chats.of(numberOf(c)).map(shown) }))
    .get('/numbers/:id/chats/:phone', (c) => c.json(shown(chatOf(c))))
    .put('/numbers/:id/chats/:phone', async (c) => {
      const change = parse(ContactChange, await bodyOf(c))
      const chat = platform.chats.open(numberOf(c), contactOf(c, change))
      platform.changed()
      return c.json(shown(chat))
    })
    .delete('/numbers/:id/chats/:phone', (c) => {
      platform.forget(chatOf(c))
      return c.body(null, 204)
    })
    .post('/numbers/:id/chats/:phone/messages', async (c) => {
      const { message, at, reply_to: replyTo } = parse(Written, await bodyOf(c))
      const when = at ? { at: new Date(at) } : {}
      const written = platform.write(numberOf(c), contactOf(c), message as PhoneMessage, { ...when, replyTo })
      return c.json(written, 201)
    })
    .post('/numbers/:id/chats/:phone/files', async (c) => {
      const number = numberOf(c)
      const { file, caption } = await c.req.parseBody()
      if (!(file instanceof File)) throw new Refused(400, 'There is no file.')
      if (file.size > mostMediaBytes) throw new Refused(422, 'The file is too large: 16 MB at most.')
      const written = await writeFile(platform, number, contactOf(c), file, String(caption ?? ''))
      return c.json(written, 201)
    })
    .post('/numbers/:id/chats/:phone/read', (c) => {
      readChat(platform, numberOf(c), chatOf(c))
      return c.body(null, 204)
    })
    .get('/files/:file', async (c) => {
      const media = platform.media.find(c.req.param('file'))
      const bytes = media && (await platform.media.read(media.id))
      if (!media || !bytes) throw new Refused(404, 'There is no such file.')
      return c.body(bytes, 200, fileHeaders(media.mime_type))
    })
    .notFound((c) => c.json({ message: 'There is nothing here.' }, 404))
    .onError((error, c) => {
      if (error instanceof Refused) return c.json({ message: error.message }, error.status)
      throw error
    })
}

const kindOf = (mime: string) => /^(image|audio|video)\//.exec(mime)?.[1] ?? 'document'

async function writeFile(
  platform: Platform,
  number: WhatsappNumber,
  contact: Contact,
  file: File,
  caption: string,
) {
  const mime = (file.type.split(';')[0] ?? '').trim() || 'application/octet-stream'
  const bytes = new Uint8Array(await file.arrayBuffer())
  const { id, sha256 } = await platform.media.add(number.phone_number_id, mime, bytes)
  const kind = kindOf(mime)
  // In webhooks the hash is in Base64, and in the answer about the file it is in hex.
  const said = { mime_type: mime, sha256: Buffer.from(sha256, 'hex').toString('base64'), id }
  const content = {
    ...(caption !== '' && { caption }),
    ...(kind === 'document' && { filename: file.name }),
    ...(kind === 'audio' && { voice: false }),
    ...said,
  }
  return platform.write(number, contact, { type: kind, [kind]: content })
}

/** A picture is shown in the page. Anything else is only saved: opened here, it could be a page of this site. */
function fileHeaders(mime: string): Record<string, string> {
  const isPicture = /^image\/(png|jpeg|gif|webp)$/.test(mime)
  return {
    'content-type': isPicture ? mime : 'application/octet-stream',
    'content-security-policy': "sandbox; default-src 'none'",
    ...(!isPicture && { 'content-disposition': 'attachment' }),
  }
}

const shown = (chat: Chat) => ({ ...chat, is_window_open: isWindowOpen(chat) })

async function bodyOf(c: Context): Promise<unknown> {
  return c.req.json().catch(() => {
    throw new Refused(400, 'The body is no JSON.')
  })
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new Refused(422, `${path.join('.') || 'body'}: ${message}.`.replace('..', '.'))
}
