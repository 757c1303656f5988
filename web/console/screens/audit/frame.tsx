import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Screen } from '../../parts/screen.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { words } from './words/words.ts'

/** What all screens of the audit log have above their content. */
export function AuditScreen({ children }: { children: (here: { slug: string }) => ReactNode }) {
  const { slug = '' } = useParams({ strict: false })
  return (
    <Screen title={words.rooms.audit} lead={words.auditLead} needs="read_admin" notSeen={words.auditNotSeen}>
      {(here) => (
        <>
          <Tabs label={words.rooms.audit}>
            <Link to="/t/$slug/audit" params={{ slug }} activeOptions={{ exact: true, includeSearch: false }}>
              {words.entries}
            </Link>
            <Link to="/t/$slug/audit/check" params={{ slug }}>
              {words.check}
            </Link>
          </Tabs>
          {children(here)}
        </>
      )}
    </Screen>
  )
}
