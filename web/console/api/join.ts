import { queryOptions } from '@tanstack/react-query'
import { platform } from './client.ts'

/** What an invitation offers to whoever holds its token. */
export const invitationQuery = (token: string) =>
  queryOptions({
    queryKey: ['invitation', token],
    queryFn: async ({ signal }) => {
      const { data } = await platform.POST('/registry/invitations/look-up', { body: { token }, signal })
      return data
    },
  })

/** Makes the person who is signed in a member. Twice is once. Gives the tenant's slug. */
export async function acceptInvitation(token: string): Promise<string> {
  const { data } = await platform.POST('/registry/invitations/accept', { body: { token } })
  return data.slug
}
