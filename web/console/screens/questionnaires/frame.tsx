import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { frameworksQuery, type Read, readQuery } from '../../api/frameworks.ts'
import { Screen } from '../../parts/screen.tsx'
import { isRefused, NotFound, Pending } from '../../parts/states.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import type { Errors } from './draft.ts'
import { words } from './words/words.ts'

export interface Here {
  slug: string
  framework: string
  mayManage: boolean
  read: Read
}

/** What all screens of one assessment have above their content. */
export function FrameworkScreen({ children }: { children: (here: Here) => ReactNode }) {
  const { framework = '' } = useParams({ strict: false })
  return (
    <Screen title={words.rooms.questionnaires} notManaged={words.questionnairesNotManaged}>
      {({ slug, mayManage }) => (
        <One key={`${slug} ${framework}`} slug={slug} framework={framework} mayManage={mayManage}>
          {children}
        </One>
      )}
    </Screen>
  )
}

interface Props extends Omit<Here, 'read'> {
  children: (here: Here) => ReactNode
}

function One({ slug, framework, mayManage, children }: Props) {
  const frameworks = useQuery(frameworksQuery(slug))
  const read = useQuery(readQuery(slug, framework))
  // What was read before may be old. Whoever edits it would take another's change back.
  if (!frameworks.data || !read.data || !read.isFetchedAfterMount || isRefused(frameworks, read))
    return <Pending queries={[frameworks, read]} />
  const found = frameworks.data.find(({ framework_id }) => framework_id === framework)
  if (!found) return <NotFound />
  const params = { slug, framework }
  return (
    <>
      <h2>{found.name}</h2>
      <Tabs label={found.name}>
        <Link
          to="/t/$slug/questionnaires/$framework"
          params={params}
          activeOptions={{ exact: true, includeSearch: false }}
        >
          {words.edit}
        </Link>
        <Link to="/t/$slug/questionnaires/$framework/publish" params={params}>
          {words.compare}
        </Link>
        <Link to="/t/$slug/questionnaires/$framework/try" params={params}>
          {words.tryIt}
        </Link>
        <Link to="/t/$slug/questionnaires/$framework/versions" params={params}>
          {words.versions}
        </Link>
      </Tabs>
      {children({ slug, framework, mayManage, read: read.data })}
    </>
  )
}

/** What the server said of places that have no field here. */
export function Places({ errors }: { errors: Errors }) {
  if (errors.length === 0) return null
  return (
    <ul>
      {errors.map(({ pointer, detail }) => (
        <li key={`${pointer} ${detail}`}>
          <code>{pointer}</code> <span lang="en">{detail}</span>
        </li>
      ))}
    </ul>
  )
}
