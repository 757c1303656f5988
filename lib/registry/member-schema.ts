import { z } from 'zod'
import { roles } from './tenant-schema.ts'

/** Somebody who belongs to a tenant. */
export const Member = z
  .strictObject({
    ref_id: z.string().meta({ description: 'Of the person, not of the membership.' }),
    name: z.string().nullable(),
    email: z.string().nullable(),
    role: z.enum(roles),
    status: z.enum(['active', 'invited', 'deactivated']),
    created_at: z.union([z.iso.datetime(), z.date()]),
  })
  .meta({ id: 'Member' })

export const Members = z.strictObject({ members: z.array(Member) }).meta({ id: 'Members' })

export const MemberChange = z
  .strictObject({ role: z.enum(roles), status: z.enum(['active', 'deactivated']) })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ id: 'MemberChange' })

/** The path's parts that name a member. */
export const MemberPath = z.object({ user: z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/) })

export type Member = z.infer<typeof Member>
export type MemberChange = z.infer<typeof MemberChange>
