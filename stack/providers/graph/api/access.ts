import type { Context } from 'hono'
import { GraphError, unknownObject } from '../errors.ts'
import { happens } from '../misbehaviour.ts'
import { isExpired, type WhatsappNumber } from '../numbers.ts'
import type { Platform } from '../platform.ts'

type Scope = 'whatsapp_business_messaging' | 'whatsapp_business_management'

const noToken = () =>
  new GraphError(190, {
    message: 'Invalid OAuth access token - Cannot parse access token',
    error_data: undefined,
  })

function expired(number: WhatsappNumber): GraphError {
  return new GraphError(190, {
    message: `Error validating access token: Session has expired on ${number.token_expires_at}.`,
    error_subcode: 463,
    error_data: undefined,
  })
}

export function tokenIn(c: Context): string {
  const bearer = /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
  return bearer ?? c.req.query('access_token') ?? ''
}

/** The numbers that a token opens. Throws if it opens none now. */
export function numbersOf(platform: Platform, token: string): WhatsappNumber[] {
  const found = platform.numbers().filter((number) => number.token === token)
  if (token === '' || found.length === 0) throw noToken()
  const valid = found.filter((number) => !isExpired(number))
  if (valid.length === 0) throw expired(found[0]!)
  return valid
}

/** The number of this id, or of this account. It throws if the token does not open it. */
export function numberFor(
  platform: Platform,
  c: Context,
  scope: Scope,
  by: 'phone_number_id' | 'waba_id' = 'phone_number_id',
): WhatsappNumber {
  const id = c.req.param('id') ?? ''
  const numbers = numbersOf(platform, tokenIn(c))
  const number = numbers.find((each) => each[by] === id)
  if (!number) throw unknownObject(c.req.method, id)
  failIfWanted(platform, number)
  if (!number.scopes.includes(scope)) throw new GraphError(10)
  return number
}

export function failIfWanted(platform: Platform, { misbehaviour }: WhatsappNumber): void {
  if (!happens(misbehaviour, 'server_errors')) return
  platform.changed()
  throw new GraphError(1, { error_data: undefined })
}
