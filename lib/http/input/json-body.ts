import { type FieldError, Problem } from '../../db/index.ts'
import { findJsonError } from './json-error.ts'

/** How large a body may be, in bytes. */
const maxBodyBytes = 1_048_576
/** Deeper than any honest body; far from where recursion over a value would overflow the stack. */
const maxNesting = 64

/**
 * Reads a request's JSON. Refuses with 415, 413 and 400 before a schema sees it. `isSuspect` says that the
 * body may hold text that cannot be stored, so that a search for it is worth its time.
 */
export async function readJson(request: Request): Promise<{ value: unknown; isSuspect: boolean }> {
  requireJson(request.headers)
  const text = decode(await readBytes(request))
  if (text.trim() === '') throw new Problem('invalid_json', 'The body is empty; JSON is expected.')
  refuseDeepNesting(text)
  try {
    return { value: JSON.parse(text), isSuspect: /\\u(?:0000|d[89a-f])/i.test(text) }
  } catch (cause) {
    throw new Problem('invalid_json', `The body is not JSON: ${placeOf(text)}.`, { cause })
  }
}

function requireJson(headers: Headers): void {
  const type = headers.get('content-type') ?? ''
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (/^application\/(?:[\w.-]+\+)?json *(?:; *charset="?utf-8"? *)?$/i.test(type) && encoding === 'identity')
    return
  const detail =
    'Send the body as UTF-8 JSON, not compressed, with the header "Content-Type: application/json".'
  throw new Problem('unsupported_media_type', detail, { headers: { 'accept-post': 'application/json' } })
}

async function readBytes(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length')) > maxBodyBytes) throw await tooLarge(request.body)
  if (!request.body) return new Uint8Array()
  // The header may be missing (chunked), so the bytes that arrive are counted too.
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = request.body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    if (length > maxBodyBytes) {
      reader.releaseLock()
      throw await tooLarge(request.body)
    }
    chunks.push(value)
  }
  if (chunks.length === 1) return chunks[0] as Uint8Array
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}

/** Reads a little more and drops it, because a client that is still sending would miss the answer. */
async function tooLarge(body: ReadableStream<Uint8Array> | null): Promise<Problem> {
  if (body) {
    const patience = AbortSignal.timeout(2_000)
    let discarded = 0
    try {
      for await (const chunk of body) {
        discarded += chunk.length
        if (discarded > 16 * maxBodyBytes || patience.aborted) break
      }
    } catch {
      // The client is gone, so nobody needs the answer.
    }
  }
  return new Problem('payload_too_large', `The body may have ${maxBodyBytes} bytes at most.`)
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new Problem('invalid_json', 'The body is not JSON: it is not valid UTF-8.', { cause })
  }
}

function refuseDeepNesting(text: string): void {
  let depth = 0
  let isInText = false
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (isInText) {
      if (character === 0x5c) at++
      else if (character === 0x22) isInText = false
    } else if (character === 0x22) isInText = true
    else if (character === 0x5b || character === 0x7b) {
      if (++depth > maxNesting) {
        throw new Problem('invalid_json', `The body is nested more than ${maxNesting} levels deep.`)
      }
    } else if (character === 0x5d || character === 0x7d) depth--
  }
}

function placeOf(text: string): string {
  const at = findJsonError(text)
  if (at >= text.length) return 'it ends too early'
  const before = text.slice(0, at)
  const line = before.split('\n').length
  return `line ${line}, column ${at - before.lastIndexOf('\n')} is not expected there`
}

/** The place of the first text that Postgres cannot store: text with U+0000 or with half a surrogate pair. */
export function findUnstorableText(value: unknown, pointer = ''): FieldError | undefined {
  if (typeof value === 'string') {
    if (!value.includes('\0') && !/\p{Surrogate}/u.test(value)) return undefined
    return {
      pointer,
      detail: 'holds a character that cannot be stored (U+0000, or half of a surrogate pair)',
    }
  }
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, inner] of Object.entries(value)) {
    const found =
      findUnstorableText(key, pointer) ?? findUnstorableText(inner, `${pointer}/${escapePointer(key)}`)
    if (found) return found
  }
  return undefined
}

/** One step of a JSON Pointer (RFC 6901). */
export function escapePointer(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1')
}
