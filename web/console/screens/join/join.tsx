import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useRouteContext } from '@tanstack/react-router'
import { acceptInvitation, invitationQuery } from '../../api/join.ts'
import { auth } from '../../api/session.ts'
import { tenantsQuery } from '../../api/tenants.ts'
import { invitation } from '../../app/arrival.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, Card } from '../../parts/card.tsx'
import { Failure } from '../../parts/notice.tsx'
import { Pending } from '../../parts/states.tsx'
import { dayOf } from '../../parts/when.tsx'
import { words } from './words/words.ts'

/** Where the link of an invitation leads whoever signed in, or made an account, on the way. */
export function Join() {
  const token = invitation.read()
  return (
    <>
      <title>{`${words.title} – Tenantry`}</title>
      <h1>{words.title}</h1>
      {token ? <Offer token={token} /> : <p>{words.lost}</p>}
    </>
  )
}

function Offer({ token }: { token: string }) {
  const { user } = useRouteContext({ from: '__root__' })
  const offer = useQuery(invitationQuery(token))
  const queries = useQueryClient()
  const go = useNavigate()
  const accepting = useMutation({
    mutationFn: () => acceptInvitation(token),
    onSuccess: async (slug) => {
      invitation.forget()
      await queries.invalidateQueries({ queryKey: tenantsQuery.queryKey })
      await go({ to: '/t/$slug', params: { slug } })
    },
  })
  if (!offer.data) return <Pending queries={[offer]} />
  const { tenant_name, role, email_hint, expires_at } = offer.data
  return (
    <Card title={words.offer(tenant_name, words.role[role] ?? role)}>
      <p>{words.sentTo(email_hint)}</p>
      <p>{words.until(dayOf(expires_at))}</p>
      <p>{words.signedInAs(user.email ?? '')}</p>
      {accepting.error && <Failure error={accepting.error} />}
      <Buttons>
        <Button disabled={accepting.isPending} onClick={() => accepting.mutate()}>
          {accepting.isPending ? words.working : words.accept}
        </Button>
        {/* The invitation is kept, and waits for whoever signs in next. */}
        <Button look="quiet" onClick={() => void auth.signOut({ scope: 'local' })}>
          {words.other}
        </Button>
      </Buttons>
    </Card>
  )
}
