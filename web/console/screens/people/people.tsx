import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useRouteContext } from '@tanstack/react-router'
import { useState } from 'react'
import { changeRole, type Member, membersQuery, type Role, removeMember } from '../../api/people.ts'
import { tenantQuery } from '../../api/tenants.ts'
import { useWords } from '../../app/words/words.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Banner, Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Invitations } from './invitations.tsx'
import styles from './people.module.css'
import { RoleSelect } from './role-select.tsx'

const route = getRouteApi('/t/$slug/people')

/** Who belongs to a tenant, and who is invited to. */
export function People() {
  const words = useWords()
  const { slug } = route.useParams()
  const { user } = useRouteContext({ from: '__root__' })
  const tenant = useQuery(tenantQuery(slug))
  const members = useInfiniteQuery(membersQuery(slug))
  const queries = useQueryClient()
  const [leaving, setLeaving] = useState<Member | null>(null)
  const refresh = () => queries.invalidateQueries({ queryKey: membersQuery(slug).queryKey })
  const changing = useMutation({
    mutationFn: ({ member, role }: { member: Member; role: Role }) => changeRole(slug, member.ref_id, role),
    onSettled: refresh,
  })
  const removing = useMutation({
    mutationFn: (member: Member) => removeMember(slug, member.ref_id),
    onSettled: async () => {
      setLeaving(null)
      await refresh()
    },
  })

  if (!tenant.data || !members.data || isRefused(tenant, members))
    return <Pending queries={[tenant, members]} />
  const { permissions, name } = tenant.data
  const mayManage = permissions.includes('manage')
  const isSelf = (member: Member | null) => member?.email === user.email
  const listed = members.data.pages.flatMap((page) => page.members)
  return (
    <>
      <title>{`${words.people} – ${name}`}</title>
      <h1>{words.people}</h1>
      {!mayManage && <Banner>{words.peopleNotManaged}</Banner>}
      {mayManage && <Invitations slug={slug} />}
      <h2 className={styles.head}>{words.members}</h2>
      {(changing.error ?? removing.error) && <Failure error={changing.error ?? removing.error} />}
      <ul className={styles.list}>
        {listed.map((member) => (
          <li key={member.ref_id} aria-label={member.email ?? member.ref_id}>
            <span className={styles.who}>
              <strong>{member.name ?? member.email ?? member.ref_id}</strong>
              {member.name && member.email && <span>{member.email}</span>}
              {member.status !== 'active' && (
                <span>{words.memberStatus[member.status] ?? member.status}</span>
              )}
            </span>
            {mayManage && member.role !== 'owner' ? (
              <RoleSelect
                label={words.roleOf(member.name ?? member.email ?? '')}
                value={member.role}
                isDisabled={changing.isPending}
                onChange={(role) => changing.mutate({ member, role })}
              />
            ) : (
              <span>{words.role[member.role] ?? member.role}</span>
            )}
            {member.role !== 'owner' && (mayManage || isSelf(member)) && (
              <Button look="quiet" onClick={() => setLeaving(member)}>
                {isSelf(member) ? words.leave : words.remove}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {members.hasNextPage && (
        <Button
          look="quiet"
          disabled={members.isFetchingNextPage}
          onClick={() => void members.fetchNextPage()}
        >
          {members.isFetchingNextPage ? words.loading : words.showMore}
        </Button>
      )}
      <Dialog
        title={isSelf(leaving) ? words.leaveTitle(name) : words.removeTitle(leaving?.email ?? '')}
        lead={words.removeLead}
        isOpen={leaving !== null}
        onClose={() => setLeaving(null)}
      >
        <span className={styles.buttons}>
          <Button disabled={removing.isPending} onClick={() => leaving && removing.mutate(leaving)}>
            {isSelf(leaving) ? words.leave : words.remove}
          </Button>
          <Button look="quiet" onClick={() => setLeaving(null)}>
            {words.cancel}
          </Button>
        </span>
      </Dialog>
    </>
  )
}
