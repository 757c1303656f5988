import { z } from 'zod'
import { Endpoint } from '../endpoints/schema.ts'

const publicKey = z
  .string()
  .nullable()
  .meta({ description: 'For ed25519: whpk_, which is all that a receiver needs to verify.' })

export const SigningSecret = z
  .strictObject({ secret: z.string(), public_key: publicKey })
  .meta({ id: 'WebhookSigningSecret' })

/** An endpoint with its new secret. */
export const EndpointWithSecret = z
  .strictObject({ ...Endpoint.shape, secret: z.string(), public_key: publicKey })
  .meta({
    id: 'WebhookEndpointWithSecret',
    description: 'With the secret that its messages are signed with.',
  })

export const SigningSecretRotation = z
  .strictObject({
    scheme: z.enum(['hmac', 'ed25519']).optional().meta({ description: 'As before when left out.' }),
    secret: z.string().max(200).optional().meta({ description: 'One is made when left out.' }),
    overlap_seconds: z
      .int()
      .min(0)
      .max(604_800)
      .optional()
      .meta({ description: 'For how long the old secret signs along; a day when left out.' }),
  })
  .meta({ id: 'SigningSecretRotation' })

export type SigningSecret = z.infer<typeof SigningSecret>
export type SigningSecretRotation = z.infer<typeof SigningSecretRotation>
