import { z } from 'zod'

const clock = z
  .string()
  .regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'must be a time of day, such as 22:00')
  .nullable()

export const NotificationPreferences = z
  .strictObject({
    channels: z
      .record(
        z.string().regex(/^[a-z][a-z_]{1,39}$/, 'must be a category'),
        z.strictObject({
          email: z.boolean().optional(),
          sms: z.boolean().optional(),
          whatsapp: z.boolean().optional(),
        }),
      )
      .refine((channels) => Object.keys(channels).length <= 50, 'must have at most 50 categories')
      .default({})
      .meta({ description: 'By category: {"plan": {"email": false}}. Critical ones are always sent.' }),
    quiet_from: clock.default(null).meta({
      description: 'On the clock of time_zone. Nothing that is not critical is sent until quiet_until.',
    }),
    quiet_until: clock.default(null),
    time_zone: z
      .string()
      .min(1)
      .max(64)
      .nullable()
      .default(null)
      .meta({ description: 'An IANA name. null: the zone of the tenant.' }),
  })
  .refine(
    ({ quiet_from: from, quiet_until: until }) =>
      (from === null) === (until === null) && (from === null || from !== until),
    'must have both quiet_from and quiet_until, which differ, or neither',
  )
  .meta({ id: 'NotificationPreferences' })
export type NotificationPreferences = z.output<typeof NotificationPreferences>
