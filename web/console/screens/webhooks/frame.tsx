import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { usePortal } from '../../parts/portal.ts'
import { PortalScreen } from '../../parts/screen.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { words } from './words/words.ts'

interface Here {
  slug: string
  mayManage: boolean
}

/** What all screens of the webhooks have above their content. */
export function WebhooksScreen({ children }: { children: (here: Here) => ReactNode }) {
  const { slug = '' } = useParams({ strict: false })
  const portal = usePortal()
  return (
    <PortalScreen
      title={words.rooms.webhooks}
      lead={words.webhooksLead}
      needs="read_admin"
      notSeen={words.webhooksNotSeen}
    >
      {(here) => (
        <>
          <Tabs label={words.rooms.webhooks}>
            <Link
              to="/t/$slug/webhooks"
              params={{ slug }}
              activeOptions={{ exact: true, includeSearch: false }}
            >
              {words.endpoints}
            </Link>
            <Link
              to="/t/$slug/webhooks/deliveries"
              params={{ slug }}
              activeOptions={{ includeSearch: false }}
            >
              {words.deliveries}
            </Link>
            <Link to="/t/$slug/webhooks/events" params={{ slug }} activeOptions={{ includeSearch: false }}>
              {words.eventTypes}
            </Link>
            {/* A token of a frame polls nothing. */}
            {!portal && (
              <Link to="/t/$slug/webhooks/inbox" params={{ slug }}>
                {words.inbox}
              </Link>
            )}
          </Tabs>
          {children(here)}
        </>
      )}
    </PortalScreen>
  )
}
