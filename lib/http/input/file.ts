import type { MiddlewareHandler } from 'hono'
import { Problem } from '../../db/index.ts'
import { annotate } from '../route-notes.ts'
import { receiveBody } from './json-body.ts'

/** What `c.req.valid('form')` returns in a handler after file(). */
interface SentFile<Type extends string> {
  bytes: Uint8Array
  type: Type
}

type Validated<Type extends string> = MiddlewareHandler<
  Record<string, never>,
  string,
  { in: { form: SentFile<Type> }; out: { form: SentFile<Type> } }
>

/**
 * A body that is a file, of one of these types: `c.req.valid('form')` has its bytes and its type. Whether the content is
 * what the type says, the handler has to find out. Refuses with 413 or 415.
 */
export function file<const Type extends string>(types: readonly Type[]): Validated<Type> {
  const validate: Validated<Type> = async (c, next) => {
    const stated = (c.req.header('content-type') ?? '').toLowerCase().split(';')[0]?.trim()
    const type = types.find((each) => each === stated)
    const encoding = c.req.header('content-encoding') ?? 'identity'
    if (type === undefined || encoding !== 'identity') {
      const detail = `Send the file as it is, with the header "Content-Type" and one of ${types.join(', ')}.`
      const headers = { 'accept-post': types.join(', ') }
      throw new Problem('unsupported_media_type', detail, { headers })
    }
    c.req.addValidatedData('form', { bytes: await receiveBody(c.req.raw), type })
    await next()
  }
  return annotate(validate, { file: types })
}
