import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { all } from './all.ts'
import { platform } from './client.ts'

export type Member = Schemas['Member']

export type Role = Member['role']

/** The members page by page, the newest first: a tenant may have a hundred thousand. */
export const membersQuery = (slug: string) =>
  infiniteQueryOptions({
    queryKey: [slug, 'members'],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await platform.GET('/registry/tenants/{ref}/members', {
        params: { path: { ref: slug }, query: { limit: 50, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** The invitations that still wait for an answer. */
export const openInvitationsQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'invitations'],
    queryFn: async ({ signal }) => {
      const found = await all(
        platform.list('/registry/tenants/{ref}/invitations', { params: { path: { ref: slug } }, signal }),
      )
      return found.filter(({ status }) => status === 'open' || status === 'expired')
    },
  })

/** Mails an invitation. The answer has its token, which is of no use here. */
export async function invite(slug: string, email: string, role: Role): Promise<void> {
  await platform.POST('/registry/tenants/{ref}/invitations', {
    params: { path: { ref: slug } },
    body: { email, role },
  })
}

const invitationOf = (slug: string, invitation: string) => ({ path: { ref: slug, invitation } })

export async function resendInvitation(slug: string, invitation: string): Promise<void> {
  await platform.POST('/registry/tenants/{ref}/invitations/{invitation}/resend', {
    params: invitationOf(slug, invitation),
    body: {},
  })
}

export async function revokeInvitation(slug: string, invitation: string): Promise<void> {
  await platform.DELETE('/registry/tenants/{ref}/invitations/{invitation}', {
    params: invitationOf(slug, invitation),
  })
}

const memberOf = (slug: string, user: string) => ({ path: { ref: slug, user } })

export async function changeRole(slug: string, user: string, role: Role): Promise<void> {
  await platform.PATCH('/registry/tenants/{ref}/members/{user}', {
    params: memberOf(slug, user),
    body: { role },
  })
}

/** Switches a membership off, so that no rule makes it again, or on. */
export async function setActive(slug: string, user: string, isActive: boolean): Promise<void> {
  await platform.PATCH('/registry/tenants/{ref}/members/{user}', {
    params: memberOf(slug, user),
    body: { status: isActive ? 'active' : 'deactivated' },
  })
}

/** Ends a membership: somebody else's, or one's own. */
export async function removeMember(slug: string, user: string): Promise<void> {
  await platform.DELETE('/registry/tenants/{ref}/members/{user}', { params: memberOf(slug, user) })
}

/** The member becomes the owner, and the caller an admin: both, or neither. */
export async function handOver(slug: string, user: string): Promise<void> {
  await platform.POST('/registry/tenants/{ref}/ownership', {
    params: { path: { ref: slug } },
    body: { to: user },
  })
}
