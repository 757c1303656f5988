import { Form } from '@base-ui/react/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Problem } from '../../../../lib/client/index.ts'
import {
  invite,
  openInvitationsQuery,
  type Role,
  resendInvitation,
  revokeInvitation,
} from '../../api/people.ts'
import { useWords } from '../../app/words/words.ts'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import styles from './people.module.css'
import { RoleSelect } from './role-select.tsx'

/** Inviting, and the invitations that wait for an answer. */
export function Invitations({ slug }: { slug: string }) {
  const words = useWords()
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
  const errors = inviting.error instanceof Problem ? inviting.error.errors : []
  const emailError = errors.find(({ pointer }) => pointer === '/email')?.detail
  const failure = error ?? sending.error ?? revoking.error ?? (emailError ? null : inviting.error)

  return (
    <>
      <Form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          setTold('')
          if (!inviting.isPending) inviting.mutate()
        }}
      >
        <h2>{words.invite}</h2>
        <Field
          name="/email"
          type="email"
          label={words.email}
          required
          maxLength={254}
          value={email}
          onValue={setEmail}
          error={emailError}
        />
        <RoleSelect label={words.roleLabel} value={role} onChange={setRole} />
        {failure && <Failure error={failure} />}
        <p role="status">{told}</p>
        <Button type="submit" disabled={inviting.isPending}>
          {inviting.isPending ? words.working : words.invite}
        </Button>
      </Form>
      {invitations.length > 0 && <h2 className={styles.head}>{words.openInvitations}</h2>}
      <ul className={styles.list}>
        {invitations.map((each) => (
          <li key={each.ref_id} aria-label={each.email}>
            <strong className={styles.who}>{each.email}</strong>
            <span>{words.role[each.role] ?? each.role}</span>
            {each.status === 'expired' && <span>{words.expired}</span>}
            <Button look="quiet" disabled={sending.isPending} onClick={() => sending.mutate(each)}>
              {words.sendAgain}
            </Button>
            <Button look="quiet" disabled={revoking.isPending} onClick={() => revoking.mutate(each.ref_id)}>
              {words.revoke}
            </Button>
          </li>
        ))}
      </ul>
    </>
  )
}
