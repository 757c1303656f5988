import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { usePortal } from '../../parts/portal.ts'
import { PortalScreen } from '../../parts/screen.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { words } from './words/words.ts'

/** What all screens of the audit log have above their content. */
export function AuditScreen({ children }: { children: (here: { slug: string }) => ReactNode }) {
  const { slug = '' } = useParams({ strict: false })
  const portal = usePortal()
  return (
    <PortalScreen
      title={words.rooms.audit}
      lead={words.auditLead}
      needs="read_admin"
      notSeen={words.auditNotSeen}
    >
      {(here) => (
        <>
          <Tabs label={words.rooms.audit}>
            <Link to="/t/$slug/audit" params={{ slug }} activeOptions={{ exact: true, includeSearch: false }}>
              {words.entries}
            </Link>
            {/* A token reads the log. Checking takes the whole of it. */}
            {!portal && (
              <Link to="/t/$slug/audit/check" params={{ slug }}>
                {words.check}
              </Link>
            )}
          </Tabs>
          {children(here)}
        </>
      )}
    </PortalScreen>
  )
}
