import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { eventTypeQuery, eventTypesQuery } from '../../api/webhooks.ts'
import { Code } from '../../parts/code.tsx'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { WebhooksScreen } from './frame.tsx'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/webhooks/events')

/** What a tenant can be told of. */
export function EventTypes() {
  return <WebhooksScreen>{({ slug }) => <Catalogue slug={slug} />}</WebhooksScreen>
}

function Catalogue({ slug }: { slug: string }) {
  const { type: chosen } = route.useSearch()
  const types = useQuery(eventTypesQuery(slug))
  if (!types.data || isRefused(types)) return <Pending queries={[types]} />
  return (
    <>
      {chosen && <EventType key={chosen} slug={slug} type={chosen} />}
      <List label={words.eventTypes}>
        {types.data.map(({ type, description, is_operational }) => (
          <Row
            key={type}
            label={type}
            main={
              <>
                <Link
                  to="/t/$slug/webhooks/events"
                  params={{ slug }}
                  search={{ type }}
                  aria-current={type === chosen || undefined}
                >
                  <code>{type}</code>
                </Link>
                <span lang="en">{description}</span>
                {is_operational && <Quiet>{words.operational}</Quiet>}
              </>
            }
          />
        ))}
      </List>
    </>
  )
}

/** What a message of this type holds, of each version. */
function EventType({ slug, type }: { slug: string; type: string }) {
  const query = useQuery(eventTypeQuery(slug, type))
  if (!query.data || isRefused(query)) return <Pending queries={[query]} />
  return (
    <section aria-label={type}>
      <h2>{type}</h2>
      {query.data.versions.map(({ version, description, example, schema }) => (
        <div key={version}>
          <p>
            <strong>{words.version(String(version))}</strong> <span lang="en">{description}</span>
          </p>
          <p>{words.example}</p>
          <Code>{JSON.stringify(example, null, 2)}</Code>
          <details>
            <summary>{words.schema}</summary>
            <Code>{JSON.stringify(schema, null, 2)}</Code>
          </details>
        </div>
      ))}
    </section>
  )
}
