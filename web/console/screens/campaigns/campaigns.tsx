import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type Campaign, campaignsQuery } from '../../api/campaigns.ts'
import { Select } from '../../parts/choice.tsx'
import { Filters } from '../../parts/filters.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { Screen } from '../../parts/screen.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { momentOf } from '../../parts/when.tsx'
import { NewCampaign } from './new-campaign.tsx'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/campaigns')

/** The campaigns of a tenant. */
export function Campaigns() {
  return (
    <Screen
      title={words.rooms.campaigns}
      lead={words.campaignsLead}
      managedBy="write"
      notManaged={words.campaignsNotManaged}
    >
      {({ slug, tenant, mayManage }) => (
        <>
          {mayManage && (
            <NewCampaign key={slug} slug={slug} mayEnable={tenant.permissions.includes('manage')} />
          )}
          <Listed slug={slug} />
        </>
      )}
    </Screen>
  )
}

const statuses = ['draft', 'open', 'closed'] as const

function Listed({ slug }: { slug: string }) {
  const { status } = route.useSearch()
  const navigate = route.useNavigate()
  const campaigns = useInfiniteQuery(campaignsQuery(slug, status))
  const listed = campaigns.data?.pages.flatMap((page) => page.campaigns)
  return (
    <>
      <Filters>
        <Select
          label={words.campaignStatus}
          value={status ?? ''}
          options={[
            ['', words.anyStatus],
            ...statuses.map((each) => [each, words.statusName[each]] as const),
          ]}
          onValue={(chosen) => void navigate({ search: chosen ? { status: chosen } : {} })}
        />
      </Filters>
      {!listed || isRefused(campaigns) ? (
        <Pending queries={[campaigns]} />
      ) : (
        <>
          {listed.length === 0 && <p>{words.noCampaigns}</p>}
          <List label={words.rooms.campaigns}>
            {listed.map((campaign) => (
              <Row
                key={campaign.ref_id}
                label={campaign.name}
                main={
                  <>
                    <Link to="/t/$slug/campaigns/$campaign" params={{ slug, campaign: campaign.ref_id }}>
                      {campaign.name}
                    </Link>
                    <Quiet>{[campaign.assessment_type, ...datesOf(campaign)].join(' · ')}</Quiet>
                  </>
                }
              >
                <span>{words.statusName[campaign.status]}</span>
              </Row>
            ))}
          </List>
          <More pages={campaigns} />
        </>
      )}
    </>
  )
}

const datesOf = ({ opens_at, closes_at }: Campaign) => [
  ...(opens_at ? [words.from(momentOf(opens_at))] : []),
  ...(closes_at ? [words.until(momentOf(closes_at))] : []),
]
