import { z } from 'zod'
import { moment } from '../../db/index.ts'

export const PhoneNumber = z
  .strictObject({
    phone: z.string().nullable(),
    verified_at: moment
      .nullable()
      .meta({ description: 'When its code was entered. Before that nothing is sent there.' }),
    asked: z
      .strictObject({ phone: z.string(), until: moment })
      .nullable()
      .meta({ description: 'The number to which a code was sent that still counts.' }),
  })
  .meta({ id: 'PhoneNumber' })
export type PhoneNumber = z.infer<typeof PhoneNumber>

export const NewPhoneNumber = z
  .strictObject({
    phone: z
      .string()
      .regex(/^\+[1-9][0-9]{6,14}$/, 'must be a number with its country, such as +447700900123'),
    channel: z.enum(['sms', 'whatsapp']).default('sms'),
  })
  .meta({ id: 'NewPhoneNumber' })
export type NewPhoneNumber = z.output<typeof NewPhoneNumber>

export const PhoneCode = z
  .strictObject({ code: z.string().regex(/^[0-9]{6}$/, 'must be six digits') })
  .meta({ id: 'PhoneCode' })
export type PhoneCode = z.output<typeof PhoneCode>
