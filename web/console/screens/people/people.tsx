import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouteContext } from '@tanstack/react-router'
import { memo, useState } from 'react'
import {
  changeRole,
  handOver,
  type Member,
  membersQuery,
  type Role,
  removeMember,
  setActive,
} from '../../api/people.ts'
import { tenantQuery } from '../../api/tenants.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons } from '../../parts/card.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { List, More, Row } from '../../parts/list.tsx'
import { Failure } from '../../parts/notice.tsx'
import { Screen, type Tenant } from '../../parts/screen.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Invitations } from './invitations.tsx'
import { RoleSelect } from './role-select.tsx'
import { words } from './words/words.ts'

/** Who belongs to a tenant, and who is invited to. */
export function People() {
  return (
    <Screen title={words.rooms.people} notManaged={words.peopleNotManaged}>
      {({ slug, tenant, mayManage }) => (
        <>
          {mayManage && <Invitations slug={slug} />}
          <Members key={slug} slug={slug} tenant={tenant} mayManage={mayManage} />
        </>
      )}
    </Screen>
  )
}

function Members({ slug, tenant, mayManage }: { slug: string; tenant: Tenant; mayManage: boolean }) {
  const { user } = useRouteContext({ from: '__root__' })
  const members = useInfiniteQuery(membersQuery(slug))
  const queries = useQueryClient()
  const [leaving, setLeaving] = useState<Member | null>(null)
  const [heir, setHeir] = useState<Member | null>(null)
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
  const switching = useMutation({
    mutationFn: ({ member, isActive }: { member: Member; isActive: boolean }) =>
      setActive(slug, member.ref_id, isActive),
    onSettled: async () => {
      setLeaving(null)
      await refresh()
    },
  })
  const handing = useMutation({
    mutationFn: (member: Member) => handOver(slug, member.ref_id),
    onSettled: async () => {
      setHeir(null)
      // What one may do has changed, too.
      await Promise.all([refresh(), queries.invalidateQueries({ queryKey: tenantQuery(slug).queryKey })])
    },
  })
  const failure = changing.error ?? removing.error ?? switching.error ?? handing.error

  if (!members.data || isRefused(members)) return <Pending queries={[members]} />
  const mayOwn = tenant.permissions.includes('own')
  const isSelf = (member: Member | null) => member?.email === user.email
  const listed = members.data.pages.flatMap((page) => page.members)
  return (
    <>
      <h2>{words.members}</h2>
      {failure && <Failure error={failure} />}
      <List>
        {listed.map((member) => (
          <MemberRow
            key={member.ref_id}
            member={member}
            isSelf={isSelf(member)}
            mayManage={mayManage}
            mayOwn={mayOwn}
            isChanging={changing.isPending || switching.isPending}
            onRole={changing.mutate}
            onActivate={switching.mutate}
            onLeave={setLeaving}
            onHandOver={setHeir}
          />
        ))}
      </List>
      <More pages={members} />
      <Confirm
        title={isSelf(leaving) ? words.leaveTitle(tenant.name) : words.removeTitle(leaving?.email ?? '')}
        lead={
          leaving?.joined_by && !isSelf(leaving)
            ? words.removeLeadByRule(words.provider[leaving.joined_by])
            : words.removeLead
        }
        act={isSelf(leaving) ? words.leave : words.remove}
        isOpen={leaving !== null}
        isPending={removing.isPending || switching.isPending}
        onAct={() => leaving && removing.mutate(leaving)}
        onClose={() => setLeaving(null)}
      >
        {leaving?.joined_by && !isSelf(leaving) && leaving.status !== 'deactivated' && (
          <Buttons>
            <Button
              disabled={switching.isPending}
              onClick={() => switching.mutate({ member: leaving, isActive: false })}
            >
              {words.deactivate}
            </Button>
          </Buttons>
        )}
      </Confirm>
      <Confirm
        title={words.handOverTitle(tenant.name, heir?.name ?? heir?.email ?? '')}
        lead={words.handOverLead}
        act={words.handOver}
        isOpen={heir !== null}
        isPending={handing.isPending}
        onAct={() => heir && handing.mutate(heir)}
        onClose={() => setHeir(null)}
      />
    </>
  )
}

interface MemberRowProps {
  member: Member
  isSelf: boolean
  mayManage: boolean
  mayOwn: boolean
  isChanging: boolean
  onRole: (change: { member: Member; role: Role }) => void
  onActivate: (change: { member: Member; isActive: boolean }) => void
  onLeave: (member: Member) => void
  onHandOver: (member: Member) => void
}

/** Remembered, because the next page of a long list changes none of the thousands of rows before it. */
const MemberRow = memo(function MemberRow({
  member,
  isSelf,
  mayManage,
  mayOwn,
  isChanging,
  onRole,
  onActivate,
  onLeave,
  onHandOver,
}: MemberRowProps) {
  const isOwner = member.role === 'owner'
  return (
    <Row
      label={member.email ?? member.ref_id}
      main={
        <>
          <strong>{member.name ?? member.email ?? member.ref_id}</strong>
          {member.name && member.email && <span>{member.email}</span>}
          {member.joined_by && <span>{words.joinedBy(words.provider[member.joined_by])}</span>}
          {member.status !== 'active' && <span>{words.memberStatus[member.status] ?? member.status}</span>}
        </>
      }
    >
      {mayManage && !isOwner ? (
        <RoleSelect
          label={words.roleOf(member.name ?? member.email ?? '')}
          value={member.role}
          isBare
          isDisabled={isChanging}
          onValue={(role) => onRole({ member, role })}
        />
      ) : (
        <span>{words.role[member.role] ?? member.role}</span>
      )}
      {mayManage && !isOwner && member.status === 'deactivated' && (
        <Button look="quiet" disabled={isChanging} onClick={() => onActivate({ member, isActive: true })}>
          {words.activate}
        </Button>
      )}
      {mayOwn && !isOwner && member.status === 'active' && (
        <Button look="quiet" onClick={() => onHandOver(member)}>
          {words.handOver}
        </Button>
      )}
      {!isOwner && (mayManage || isSelf) && (
        <Button look="quiet" onClick={() => onLeave(member)}>
          {isSelf ? words.leave : words.remove}
        </Button>
      )}
    </Row>
  )
})
