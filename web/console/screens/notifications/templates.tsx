import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { templatesQuery } from '../../api/messages.ts'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Part } from './tabs.tsx'
import { words } from './words/words.ts'

/** The words of mails, by kind and language. */
export function Templates() {
  return <Part needs="read_admin">{({ slug }) => <Listed slug={slug} />}</Part>
}

function Listed({ slug }: { slug: string }) {
  const templates = useQuery(templatesQuery(slug))
  if (!templates.data || isRefused(templates)) return <Pending queries={[templates]} />
  return (
    <List label={words.templates}>
      {templates.data.map(({ slug: template, locale, name, subject, is_global }) => (
        <Row
          key={`${template} ${locale}`}
          label={`${template} ${locale}`}
          main={
            <>
              <Link
                to="/t/$slug/notifications/templates/$template/$locale"
                params={{ slug, template, locale }}
              >
                {name} ({locale})
              </Link>
              <Quiet>{subject}</Quiet>
            </>
          }
        >
          <span>{is_global ? words.global : words.own}</span>
        </Row>
      ))}
    </List>
  )
}
