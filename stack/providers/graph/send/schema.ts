import { z } from 'zod'
import { invalid } from '../errors.ts'

/** Meta counts characters, not what UTF-16 makes of them. */
const text = (most: number) =>
  z
    .string()
    .min(1)
    .refine((value) => [...value].length <= most, `must be at most ${most} characters long.`)

const media = z.looseObject({ id: z.string().min(1), caption: text(1024).optional() })

const header = z.looseObject({ type: z.string() }).optional()
const body = (most: number) => z.looseObject({ text: text(most) })
const footer = z.looseObject({ text: text(60) }).optional()

const unique = <T>(values: T[]) => new Set(values).size === values.length

const Buttons = z.looseObject({
  type: z.literal('button'),
  header,
  body: body(1024),
  footer,
  action: z.looseObject({
    buttons: z
      .array(
        z.looseObject({ type: z.literal('reply'), reply: z.looseObject({ id: text(256), title: text(20) }) }),
      )
      .min(1)
      .max(3)
      .refine((buttons) => unique(buttons.map(({ reply }) => reply.id)), 'must have ids that differ.')
      .refine((buttons) => unique(buttons.map(({ reply }) => reply.title)), 'must have titles that differ.'),
  }),
})

const row = z.looseObject({ id: text(200), title: text(24), description: text(72).optional() })
const List = z.looseObject({
  type: z.literal('list'),
  header,
  body: body(4096),
  footer,
  action: z.looseObject({
    button: text(20),
    sections: z
      .array(z.looseObject({ title: text(24).optional(), rows: z.array(row).min(1) }))
      .min(1)
      .max(10)
      .refine((sections) => rowsOf(sections).length <= 10, 'must have at most 10 rows in all.')
      .refine((sections) => unique(rowsOf(sections).map(({ id }) => id)), 'must have ids that differ.')
      .refine(
        (sections) => sections.length === 1 || sections.every(({ title }) => title !== undefined),
        'must each have a title, because there is more than one.',
      ),
  }),
})
const rowsOf = <T>(sections: { rows: T[] }[]) => sections.flatMap(({ rows }) => rows)

const Link = z.looseObject({
  type: z.literal('cta_url'),
  header,
  body: body(1024),
  footer,
  action: z.looseObject({
    name: z.literal('cta_url'),
    parameters: z.looseObject({ display_text: text(20), url: z.url() }),
  }),
})

const kinds = {
  text: z.looseObject({ body: text(4096), preview_url: z.boolean().optional() }),
  template: z.looseObject({
    name: text(512),
    language: z.looseObject({ code: text(20) }),
    components: z
      .array(
        z.looseObject({
          type: z.string(),
          parameters: z
            .array(
              z.looseObject({
                type: z.string(),
                text: z.string().optional(),
                parameter_name: z.string().optional(),
              }),
            )
            .optional(),
        }),
      )
      .optional(),
  }),
  reaction: z.looseObject({ message_id: text(300), emoji: z.string().max(30) }),
  interactive: z.discriminatedUnion('type', [Buttons, List, Link]),
  location: z.looseObject({
    latitude: z.coerce.number().min(-90).max(90),
    longitude: z.coerce.number().min(-180).max(180),
  }),
  image: media,
  document: media.extend({ filename: text(240).optional() }),
  audio: media,
  video: media,
  sticker: media,
}
type Kind = keyof typeof kinds
export const mediaKinds: readonly string[] = ['image', 'document', 'audio', 'video', 'sticker']

const Frame = z.looseObject({
  messaging_product: z.literal('whatsapp'),
  recipient_type: z.literal('individual').optional(),
  to: z.string().max(60).optional(),
  recipient: z
    .string()
    .regex(/^[A-Z]{2}\.[A-Za-z0-9]{1,128}$/, 'must be an id of a user.')
    .optional(),
  type: z.string().default('text'),
  biz_opaque_callback_data: z.string().max(512, 'must be at most 512 characters long.').optional(),
  context: z.looseObject({ message_id: z.string() }).optional(),
})

const MarkAsRead = z.looseObject({
  messaging_product: z.literal('whatsapp'),
  status: z.literal('read'),
  message_id: z.string().min(1),
  typing_indicator: z.looseObject({ type: z.literal('text') }).optional(),
})

export interface Outgoing {
  /** The digits of a number, or the id of a user. */
  to: string | undefined
  userId: string | undefined
  kind: Kind
  content: Record<string, unknown>
  reference: string | undefined
  repliesTo: string | undefined
}

/** What is asked for. Throws a GraphError that names what is wrong. */
export function readOutgoing(sent: unknown): Outgoing {
  const frame = read(Frame, sent)
  const kind = frame.type as Kind
  if (!Object.hasOwn(kinds, kind))
    throw invalid(`Param type must be one of {${Object.keys(kinds).join(', ')}}.`)
  const content = read<Record<string, unknown>>(kinds[kind], frame[kind], [kind])
  const to = frame.to?.replace(/[\s()+.-]/g, '')
  if (to === undefined && frame.recipient === undefined) throw invalid('The parameter to is required.')
  if (to !== undefined && !/^[1-9][0-9]{6,14}$/.test(to))
    throw invalid('Param to must be a telephone number.')
  return {
    to,
    userId: frame.recipient,
    kind,
    content,
    reference: frame.biz_opaque_callback_data,
    repliesTo: frame.context?.message_id,
  }
}

export const isMarkAsRead = (sent: unknown) => typeof sent === 'object' && sent !== null && 'status' in sent

export const readMarkAsRead = (sent: unknown) => read(MarkAsRead, sent)

function read<T>(schema: z.ZodType<T>, value: unknown, before: string[] = []): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  const [first = 'body', ...rest] = [...before, ...issue.path.map(String)]
  const name = `${first}${rest.map((part) => `['${part}']`).join('')}`
  const isMissing =
    issue.code === 'invalid_type' && issue.input === undefined && /undefined/.test(issue.message)
  throw invalid(isMissing ? `The parameter ${name} is required.` : `Param ${name} ${sentence(issue.message)}`)
}

const sentence = (message: string) => (message.startsWith('must') ? message : `is not valid: ${message}.`)
