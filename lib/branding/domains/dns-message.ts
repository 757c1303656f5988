import { Buffer } from 'node:buffer'
import { type Answer, type DecodedPacket, decode, encode, RECURSION_DESIRED } from 'dns-packet'

/** What a resolver said about a name's TXT records. */
export type TxtAnswer =
  | { outcome: 'found'; texts: string[] }
  | { outcome: 'no_record' | 'no_such_name' | 'dns_failed' }

/** The bytes are not an answer to the question. */
class UnreadableAnswer extends Error {
  override name = 'UnreadableAnswer'
}

/** Longer chains are refused by resolvers as well. */
const maxChainLength = 8

/** A question for the TXT records of a name, as RFC 8484 sends it: with the id 0. */
export function txtQuestion(name: string): Uint8Array<ArrayBuffer> {
  const message = encode({
    type: 'query',
    id: 0,
    flags: RECURSION_DESIRED,
    questions: [{ type: 'TXT', class: 'IN', name }],
  })
  return new Uint8Array(message)
}

/** Reads a resolver's answer to `txtQuestion(name)`. Throws UnreadableAnswer for anything else. */
export function readTxtAnswer(name: string, bytes: Uint8Array): TxtAnswer {
  const packet = decodePacket(bytes)
  const [question, another] = packet.questions ?? []
  const answersUs =
    packet.type === 'response' &&
    packet.id === 0 &&
    question?.type === 'TXT' &&
    question.name.toLowerCase() === name &&
    another === undefined
  if (!answersUs) throw new UnreadableAnswer('not an answer to the question')
  // Over HTTP no answer needs to be truncated. A truncated one may lack the record that matters.
  if (packet.flag_tc) throw new UnreadableAnswer('truncated')
  // @types/dns-packet does not know this field of what it decodes.
  const { rcode } = packet as DecodedPacket & { rcode: string }
  if (rcode === 'NXDOMAIN') return { outcome: 'no_such_name' }
  if (rcode !== 'NOERROR') return { outcome: 'dns_failed' }
  const texts = textsAt(name, packet.answers ?? [])
  return texts.length > 0 ? { outcome: 'found', texts } : { outcome: 'no_record' }
}

/** The TXT records where the chain of CNAMEs from this name ends; records of other names do not count. */
function textsAt(name: string, answers: Answer[]): string[] {
  let owner = name
  for (let hop = 0; hop <= maxChainLength; hop++) {
    const own = answers.filter((answer) => answer.name.toLowerCase() === owner)
    const texts = own.flatMap((answer) => (answer.type === 'TXT' ? [textOf(answer.data)] : []))
    if (texts.length > 0) return texts
    const alias = own.find((answer) => answer.type === 'CNAME')
    if (alias?.type !== 'CNAME') return []
    owner = alias.data.toLowerCase()
  }
  return []
}

/** A record is a list of strings of at most 255 bytes. Its value is all of them joined (RFC 7208, 3.3). */
function textOf(data: string | Buffer | (string | Buffer)[]): string {
  const parts = Array.isArray(data) ? data : [data]
  return Buffer.concat(parts.map((part) => Buffer.from(part as string))).toString('utf8')
}

function decodePacket(bytes: Uint8Array): DecodedPacket {
  try {
    return decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  } catch (cause) {
    throw new UnreadableAnswer('not a DNS message', { cause })
  }
}
