import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import {
  type Campaign as CampaignData,
  type CampaignStatus,
  campaignQuery,
  changeCampaign,
  deleteCampaign,
} from '../../api/campaigns.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, Card } from '../../parts/card.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Banner, Failure } from '../../parts/notice.tsx'
import { Screen } from '../../parts/screen.tsx'
import { Copy } from '../../parts/secret.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import styles from './campaigns.module.css'
import { CampaignFigures } from './figures.tsx'
import { Invite } from './invite.tsx'
import { Setup } from './setup.tsx'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/campaigns/$campaign')

/** One campaign: its link, its figures, who is invited, and what it is. */
export function Campaign() {
  const { campaign } = route.useParams()
  return (
    <Screen title={words.rooms.campaigns} managedBy="write" notManaged={words.campaignsNotManaged}>
      {({ slug, tenant, mayManage }) => (
        <One
          key={`${slug} ${campaign}`}
          slug={slug}
          campaign={campaign}
          mayWrite={mayManage}
          mayManage={tenant.permissions.includes('manage')}
        />
      )}
    </Screen>
  )
}

interface Props {
  slug: string
  campaign: string
  mayWrite: boolean
  mayManage: boolean
}

function One({ slug, campaign: ref, mayWrite, mayManage }: Props) {
  const campaign = useQuery(campaignQuery(slug, ref))
  if (!campaign.data || isRefused(campaign)) return <Pending queries={[campaign]} />
  const { data } = campaign
  return (
    <>
      <h2>{data.name}</h2>
      {data.is_switched_off && <Banner>{words.switchedOff}</Banner>}
      <Status slug={slug} campaign={data} mayWrite={mayWrite} mayManage={mayManage} />
      <CampaignFigures slug={slug} campaign={ref} />
      <Link to="/t/$slug/participants" params={{ slug }} search={{ campaign: ref }}>
        {words.toParticipants}
      </Link>{' '}
      <Link
        to="/t/$slug/questionnaires/$framework"
        params={{ slug, framework: data.assessment_type }}
        search={{ campaign: ref }}
      >
        {words.toQuestionnaire}
      </Link>
      {mayWrite &&
        (data.status === 'open' ? <Invite slug={slug} campaign={ref} /> : <p>{words.inviteNobody}</p>)}
      <Setup slug={slug} read={data} mayWrite={mayWrite} mayEnable={mayManage} />
    </>
  )
}

function Status({
  slug,
  campaign,
  mayWrite,
  mayManage,
}: Omit<Props, 'campaign'> & { campaign: CampaignData }) {
  const queries = useQueryClient()
  const navigate = route.useNavigate()
  const [isLeaving, setLeaving] = useState(false)
  const { ref_id, name, status, url } = campaign
  const moving = useMutation({
    mutationFn: (to: CampaignStatus) => changeCampaign(slug, ref_id, { status: to }),
    onSuccess: () => queries.invalidateQueries({ queryKey: [slug, 'campaigns'] }),
  })
  const removing = useMutation({
    mutationFn: () => deleteCampaign(slug, ref_id),
    onSettled: () => setLeaving(false),
    onSuccess: async () => {
      await navigate({ to: '/t/$slug/campaigns', params: { slug } })
      queries.removeQueries({ queryKey: campaignQuery(slug, ref_id).queryKey })
      await queries.invalidateQueries({ queryKey: [slug, 'campaigns'] })
    },
  })
  return (
    <Card title={words.link}>
      {url ? <code className={styles.url}>{url}</code> : <p>{words.noLink}</p>}
      {status === 'draft' && <p>{words.linkOfDraft}</p>}
      <p role="status">{`${words.campaignStatus}: ${words.statusName[status]}`}</p>
      {(moving.error ?? removing.error) && <Failure error={moving.error ?? removing.error} />}
      <Buttons>
        {mayWrite && (
          <Button
            disabled={moving.isPending}
            onClick={() => moving.mutate(status === 'open' ? 'closed' : 'open')}
          >
            {status === 'open' ? words.closeIt : words.openIt}
          </Button>
        )}
        {url && <Copy text={url} />}
        {mayManage && (
          <Button look="quiet" onClick={() => setLeaving(true)}>
            {words.remove}
          </Button>
        )}
      </Buttons>
      <Confirm
        title={words.removeTitle(name)}
        lead={words.removeLead}
        act={words.remove}
        isOpen={isLeaving}
        isPending={removing.isPending}
        onAct={removing.mutate}
        onClose={() => setLeaving(false)}
      />
    </Card>
  )
}
