import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import {
  type ClientStatus,
  forgetParticipant,
  moveParticipant,
  type Participant as ParticipantData,
  participantQuery,
} from '../../api/participants.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, Card } from '../../parts/card.tsx'
import { Select } from '../../parts/choice.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Quiet } from '../../parts/list.tsx'
import { Failure } from '../../parts/notice.tsx'
import { type Permission, Screen, type Tenant } from '../../parts/screen.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Moment } from '../../parts/when.tsx'
import { Answers, Result } from './answers.tsx'
import { Bio } from './bio.tsx'
import { Documents } from './documents.tsx'
import { Followups } from './followups.tsx'
import { nameOf } from './participants.tsx'
import { clientStatuses } from './search.ts'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/participants/$participant')

/** One participant, with everything that is known of them. */
export function Participant() {
  const { participant } = route.useParams()
  return (
    <Screen title={words.rooms.participants} managedBy="write" notManaged={words.participantsNotManaged}>
      {({ slug, tenant }) => (
        <One key={`${slug} ${participant}`} slug={slug} participant={participant} tenant={tenant} />
      )}
    </Screen>
  )
}

function One({ slug, participant: ref, tenant }: { slug: string; participant: string; tenant: Tenant }) {
  const participant = useQuery(participantQuery(slug, ref))
  if (!participant.data || isRefused(participant)) return <Pending queries={[participant]} />
  const { data } = participant
  const may = (permission: Permission) => tenant.permissions.includes(permission)
  return (
    <>
      <h2>{nameOf(data)}</h2>
      <Head slug={slug} participant={data} mayWrite={may('write')} mayForget={may('manage')} />
      <Result slug={slug} participant={data} />
      <Answers slug={slug} participant={data} />
      {may('read_clients') && (
        <>
          <Bio slug={slug} participant={ref} mayWrite={may('write')} />
          <Documents slug={slug} participant={ref} mayWrite={may('write')} />
        </>
      )}
      <Followups slug={slug} participant={ref} mayWrite={may('write')} />
      <Card title={words.history}>
        <ul>
          {data.moves.map(({ to_status, moved_at, moved_by }) => (
            <li key={`${moved_at} ${to_status}`}>
              {words.clientStatus[to_status]} · <Moment at={moved_at} />{' '}
              {moved_by && <Quiet>{words.byMember}</Quiet>}
            </li>
          ))}
        </ul>
      </Card>
    </>
  )
}

/** What somebody can be moved to: whoever has begun is not new any more, and whoever is through has not just begun. */
const reachable = ({ client_status, started_at, completed_at }: ParticipantData) =>
  clientStatuses.filter(
    (status) =>
      status === client_status ||
      ((status !== 'registered' || !(started_at || completed_at)) && (status !== 'started' || !completed_at)),
  )

interface HeadProps {
  slug: string
  participant: ParticipantData
  mayWrite: boolean
  mayForget: boolean
}

function Head({ slug, participant, mayWrite, mayForget }: HeadProps) {
  const queries = useQueryClient()
  const [isForgetting, setForgetting] = useState(false)
  const { ref_id, email, campaign, client_status, has_consented } = participant
  const moving = useMutation({
    mutationFn: (to: ClientStatus) => moveParticipant(slug, ref_id, to),
    onSuccess: (moved) => {
      queries.setQueryData(participantQuery(slug, ref_id).queryKey, moved)
      void queries.invalidateQueries({ queryKey: [slug, 'participants'] })
      void queries.invalidateQueries({ queryKey: [slug, 'pipeline'] })
    },
  })
  const forgetting = useMutation({
    mutationFn: () => forgetParticipant(slug, ref_id),
    onSettled: () => setForgetting(false),
    onSuccess: () => queries.invalidateQueries({ queryKey: [slug] }),
  })
  return (
    <Card title={words.contact}>
      <p>{[email ?? words.noAddress, ...(campaign ? [campaign.name] : [])].join(' · ')}</p>
      {email && <p>{has_consented ? words.consented : words.notConsented}</p>}
      {mayWrite ? (
        <Select
          label={words.statusLabel}
          value={client_status}
          isDisabled={moving.isPending}
          options={reachable(participant).map((status) => [status, words.clientStatus[status]] as const)}
          onValue={(to) => moving.mutate(to)}
        />
      ) : (
        <p>{words.clientStatus[client_status]}</p>
      )}
      {(moving.error ?? forgetting.error) && <Failure error={moving.error ?? forgetting.error} />}
      <p role="status">{forgetting.isSuccess ? words.forgotten : ''}</p>
      {mayForget && !forgetting.isSuccess && (
        <Buttons>
          <Button look="quiet" onClick={() => setForgetting(true)}>
            {words.forget}
          </Button>
        </Buttons>
      )}
      <Confirm
        title={words.forgetTitle(email ?? nameOf(participant))}
        lead={words.forgetLead}
        act={words.forget}
        isOpen={isForgetting}
        isPending={forgetting.isPending}
        onAct={() => forgetting.mutate()}
        onClose={() => setForgetting(false)}
      />
    </Card>
  )
}
