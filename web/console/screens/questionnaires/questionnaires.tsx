import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { draftQuery, frameworksQuery, scheduledQuery } from '../../api/frameworks.ts'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { Screen } from '../../parts/screen.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { momentOf, numberOf } from '../../parts/when.tsx'
import { words } from './words/words.ts'

/** The assessments, with what is published of each and what waits. */
export function Questionnaires() {
  return (
    <Screen
      title={words.rooms.questionnaires}
      lead={words.questionnairesLead}
      notManaged={words.questionnairesNotManaged}
    >
      {({ slug }) => <Listed key={slug} slug={slug} />}
    </Screen>
  )
}

function Listed({ slug }: { slug: string }) {
  const frameworks = useQuery({ ...frameworksQuery(slug), staleTime: 0 })
  if (!frameworks.data || isRefused(frameworks)) return <Pending queries={[frameworks]} />
  return (
    <List label={words.rooms.questionnaires}>
      {frameworks.data.map(({ framework_id, name, description, config_version }) => (
        <Row
          key={framework_id}
          label={name}
          main={
            <>
              <Link to="/t/$slug/questionnaires/$framework" params={{ slug, framework: framework_id }}>
                {name}
              </Link>
              <Quiet>{description}</Quiet>
              <Waiting slug={slug} framework={framework_id} />
            </>
          }
        >
          <span>
            {config_version === 0 ? words.asSupplied : words.versionNumber(numberOf(config_version))}
          </span>
        </Row>
      ))}
    </List>
  )
}

/** A draft, and what is scheduled. */
function Waiting({ slug, framework }: { slug: string; framework: string }) {
  const { data: draft } = useQuery(draftQuery(slug, framework))
  const { data: scheduled = [] } = useQuery(scheduledQuery(slug, framework))
  return (
    <>
      {draft && <strong>{words.draftWaits}</strong>}
      {scheduled.map(({ ref_id, status, publish_at }) => (
        <span key={ref_id}>
          {status === 'suspended' ? words.suspended : words.scheduledFor(momentOf(publish_at))}
        </span>
      ))}
    </>
  )
}
