import { createHmac, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { Misbehaviour } from './misbehaviour.ts'

const id = z.string().regex(/^[0-9]{5,30}$/, 'must be digits')
const secret = z.string().regex(/^[\x21-\x7e]{1,500}$/, 'must be printable ASCII')

/** What a number can be made with. All of it is made up where it is not given. */
export const NewNumber = z.strictObject({
  phone_number_id: id.optional(),
  waba_id: id.optional(),
  display_phone_number: z
    .string()
    .regex(/^\+?[0-9][0-9 ()-]{5,30}$/, 'must be a telephone number')
    .optional(),
  verified_name: z.string().trim().min(1).max(100).optional(),
  quality_rating: z.enum(['GREEN', 'YELLOW', 'RED', 'UNKNOWN']).optional(),
  token: secret.optional(),
  /** Null: it never expires. */
  token_expires_at: z.iso.datetime({ offset: true }).nullable().optional(),
  scopes: z.array(secret).max(20).optional(),
  app_id: id.optional(),
  app_secret: secret.optional(),
  is_subscribed: z.boolean().optional(),
  limits: z
    .strictObject({
      /** Messages to one contact in a row; each waits for six seconds that it uses up. Null: no limit. */
      pair_burst: z.int().min(1).max(1000).nullable().optional(),
      per_second: z.int().min(1).max(10_000).nullable().optional(),
    })
    .optional(),
  misbehaviour: Misbehaviour.optional(),
})
export type NewNumber = z.infer<typeof NewNumber>

/** A number of a business, with the app that speaks for it. */
export interface WhatsappNumber {
  phone_number_id: string
  waba_id: string
  display_phone_number: string
  verified_name: string
  quality_rating: string
  token: string
  token_expires_at: string | null
  scopes: string[]
  app_id: string
  app_secret: string
  /** Whether the app is subscribed to the account, without which no webhook is posted. */
  is_subscribed: boolean
  callback_url: string | null
  verify_token: string | null
  limits: { pair_burst: number | null; per_second: number | null }
  misbehaviour: Misbehaviour
}

export function newDigits(length: number): string {
  return Array.from(randomBytes(length), (byte) => String(byte % 10))
    .join('')
    .replace(/^0/, '1')
}

/** As Meta has them for a new number: 80 messages a second, and one each six seconds to a contact, 45 of them in a row. */
const usualLimits = { pair_burst: 45, per_second: 80 }

export function makeNumber(wanted: NewNumber = {}): WhatsappNumber {
  return {
    phone_number_id: newDigits(15),
    waba_id: newDigits(15),
    display_phone_number: `+1 202-555-01${newDigits(2)}`,
    verified_name: 'A shop of this machine',
    quality_rating: 'GREEN',
    token: `EAAlocal${randomBytes(30).toString('hex')}`,
    token_expires_at: null,
    scopes: ['whatsapp_business_management', 'whatsapp_business_messaging'],
    app_id: newDigits(15),
    app_secret: randomBytes(16).toString('hex'),
    is_subscribed: true,
    callback_url: null,
    verify_token: null,
    ...withoutUndefined(wanted),
    limits: { ...usualLimits, ...withoutUndefined(wanted.limits ?? {}) },
    misbehaviour: wanted.misbehaviour ?? {},
  }
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> }
}

/** The number that each data folder begins with: the same at each start, and of no use anywhere else. */
export function firstNumber(keyPepper: string): NewNumber {
  const derive = (name: string) =>
    createHmac('sha256', keyPepper).update(`local whatsapp: ${name}`).digest('hex')
  return {
    phone_number_id: '100000000000001',
    waba_id: '200000000000001',
    app_id: '300000000000001',
    display_phone_number: '+1 202-555-0100',
    verified_name: 'Local shop',
    token: `EAAlocal${derive('token')}`,
    app_secret: derive('app secret').slice(0, 32),
  }
}

export const isExpired = ({ token_expires_at }: WhatsappNumber) =>
  token_expires_at !== null && Date.parse(token_expires_at) <= Date.now()
