import { z } from 'zod'
import { roles } from '../tenants/schema.ts'

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

/** Who is to own the tenant from now on. */
export const OwnershipTransfer = z
  .strictObject({
    to: z
      .string()
      .regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/, "must be a member's ref_id")
      .meta({ description: 'The ref_id of the member who becomes the owner.' }),
  })
  .meta({ id: 'OwnershipTransfer' })

/** What each role may do. */
export const Roles = z
  .strictObject({
    roles: z.array(z.strictObject({ role: z.enum(roles), permissions: z.array(z.string()) })),
  })
  .meta({ id: 'Roles', description: 'The highest role first.' })

export type Member = z.infer<typeof Member>
export type MemberChange = z.infer<typeof MemberChange>
export type Roles = z.infer<typeof Roles>
