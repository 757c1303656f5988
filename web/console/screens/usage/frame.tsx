import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Permission, Screen, type Tenant } from '../../parts/screen.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { words } from './words/words.ts'

interface Props {
  /** What somebody has to be allowed to see this part, and what the others are told. */
  needs?: Permission
  notSeen?: string
  /** What those are told who may only look. */
  notManaged?: string
  children: (here: { slug: string; tenant: Tenant; mayManage: boolean }) => ReactNode
}

const asTab = { includeSearch: false }
const asFirstTab = { exact: true, includeSearch: false }

/** A part of the room, below the links to all of them. */
export function UsageScreen({ children, ...rest }: Props) {
  const { slug = '' } = useParams({ strict: false })
  return (
    <Screen title={words.rooms.usage} {...rest}>
      {(here) => {
        const mayAdmin = here.tenant.permissions.includes('read_admin')
        return (
          <>
            <Tabs label={words.rooms.usage}>
              <Link to="/t/$slug/usage" params={{ slug }} activeOptions={asFirstTab}>
                {words.planTab}
              </Link>
              <Link to="/t/$slug/usage/meters" params={{ slug }} activeOptions={asTab}>
                {words.meters}
              </Link>
              <Link to="/t/$slug/usage/calls" params={{ slug }} activeOptions={asTab}>
                {words.llmCalls}
              </Link>
              <Link to="/t/$slug/usage/tool-calls" params={{ slug }} activeOptions={asTab}>
                {words.toolCalls}
              </Link>
              <Link to="/t/$slug/usage/prices" params={{ slug }} activeOptions={asTab}>
                {words.prices}
              </Link>
              {mayAdmin && (
                <Link to="/t/$slug/usage/model" params={{ slug }} activeOptions={asTab}>
                  {words.ownModel}
                </Link>
              )}
            </Tabs>
            {children(here)}
          </>
        )
      }}
    </Screen>
  )
}
