import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  invite,
  openInvitationsQuery,
  type Role,
  resendInvitation,
  revokeInvitation,
} from '../../api/people.ts'
import { Button } from '../../parts/button.tsx'
import { CardForm } from '../../parts/card.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { List, Row } from '../../parts/list.tsx'
import { Failure } from '../../parts/notice.tsx'
import { RoleSelect } from './role-select.tsx'
import { words } from './words/words.ts'

/** Inviting, and the invitations that wait for an answer. */
export function Invitations({ slug }: { slug: string }) {
  const queries = useQueryClient()
  const { data: invitations = [], error } = useQuery(openInvitationsQuery(slug))
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('member')
  const [told, setTold] = useState('')
  const onSettled = () => queries.invalidateQueries({ queryKey: openInvitationsQuery(slug).queryKey })
  const inviting = useMutation({
    mutationFn: () => invite(slug, email, role),
    onSettled,
    onSuccess: () => {
      setTold(words.invited(email))
      setEmail('')
    },
  })
  const sending = useMutation({
    mutationFn: ({ ref_id }: { ref_id: string; email: string }) => resendInvitation(slug, ref_id),
    onSettled,
    onSuccess: (_, { email: to }) => setTold(words.invited(to)),
  })
  const revoking = useMutation({ mutationFn: (ref: string) => revokeInvitation(slug, ref), onSettled })
  const errors = errorsOf(inviting.error, ['/email'])
  const failure = error ?? sending.error ?? revoking.error ?? errors.rest

  return (
    <>
      <CardForm
        title={words.invite}
        isPending={inviting.isPending}
        onSubmit={() => {
          setTold('')
          inviting.mutate()
        }}
      >
        <Field
          name="/email"
          type="email"
          label={words.email}
          required
          maxLength={254}
          value={email}
          onValue={setEmail}
          error={errors.at('/email')}
        />
        <RoleSelect label={words.roleLabel} value={role} onValue={setRole} />
        {failure && <Failure error={failure} />}
        <p role="status">{told}</p>
        <Button type="submit" disabled={inviting.isPending}>
          {inviting.isPending ? words.working : words.invite}
        </Button>
      </CardForm>
      {invitations.length > 0 && <h2>{words.openInvitations}</h2>}
      <List>
        {invitations.map((each) => (
          <Row key={each.ref_id} label={each.email} main={<strong>{each.email}</strong>}>
            <span>{words.role[each.role] ?? each.role}</span>
            {each.status === 'expired' && <span>{words.expired}</span>}
            <Button look="quiet" disabled={sending.isPending} onClick={() => sending.mutate(each)}>
              {words.sendAgain}
            </Button>
            <Button look="quiet" disabled={revoking.isPending} onClick={() => revoking.mutate(each.ref_id)}>
              {words.revoke}
            </Button>
          </Row>
        ))}
      </List>
    </>
  )
}
