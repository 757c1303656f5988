import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refIdPattern } from '../../db/index.ts'
import { roles } from '../tenants/schema.ts'

/** Somebody who belongs to a tenant. */
export const Member = z
  .strictObject({
    ref_id: z.string().meta({ description: 'Of the person, not of the membership.' }),
    name: z.string().nullable(),
    email: z.string().nullable(),
    role: z.enum(roles),
    status: z
      .enum(['active', 'deactivated', 'switched_off'])
      .meta({ description: 'switched_off: the plan has no place for this member.' }),
    joined_by: z.enum(['oidc', 'saml']).nullable().meta({
      description:
        'The provider whose rule made them a member. Removed, they join again at their next sign-in; deactivated, they do not. Null: people made them a member.',
    }),
    created_at: moment,
  })
  .meta({ id: 'Member' })

/** The newest first. Two may have joined in the same transaction, so the person decides between them. */
export const memberOrder = keyset('members', {
  joined_at_micros: z.string().regex(/^\d{1,16}$/),
  user_id: z.guid(),
})
export const MemberQuery = z.strictObject(pageParameters(memberOrder))
export const Members = z
  .strictObject({ members: z.array(Member), next_cursor: nextCursor })
  .meta({ id: 'Members' })

export const MemberChange = z
  .strictObject({ role: z.enum(roles), status: z.enum(['active', 'deactivated']) })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ id: 'MemberChange' })

/** The path's parts that name a member. */
export const MemberPath = z.object({ user: z.string().regex(refIdPattern) })

/** Who is to own the tenant from now on. */
export const OwnershipTransfer = z
  .strictObject({
    to: z
      .string()
      .regex(refIdPattern, "must be a member's ref_id")
      .meta({ description: 'The ref_id of the member who becomes the owner.' }),
  })
  .meta({ id: 'OwnershipTransfer' })

/** What a role may do. */
export const Role = z
  .strictObject({ role: z.enum(roles), permissions: z.array(z.string()) })
  .meta({ id: 'Role', description: 'What a role may do, the same in every tenant.' })

/** The highest first. */
export const roleOrder = keyset('roles', { role: z.enum(roles) })
export const RoleQuery = z.strictObject(pageParameters(roleOrder))
export const Roles = z.strictObject({ roles: z.array(Role), next_cursor: nextCursor }).meta({ id: 'Roles' })

export type Member = z.infer<typeof Member>
export type MemberChange = z.infer<typeof MemberChange>
export type Members = z.infer<typeof Members>
export type MemberQuery = z.output<typeof MemberQuery>
export type Role = z.infer<typeof Role>
export type RoleQuery = z.output<typeof RoleQuery>
export type Roles = z.infer<typeof Roles>
