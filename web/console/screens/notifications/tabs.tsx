import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Screen, type Tenant } from '../../parts/screen.tsx'
import styles from './notifications.module.css'
import { words } from './words/words.ts'

interface Props {
  /** What somebody has to be allowed to see this part, and what the others are told. */
  needs?: 'read' | 'read_admin'
  children: (here: { slug: string; tenant: Tenant; mayManage: boolean }) => ReactNode
}

/** A part of the room, below the links to all of them. */
export function Part({ needs = 'read', children }: Props) {
  return (
    <Screen
      title={words.rooms.notifications}
      needs="read"
      {...(needs === 'read_admin' && { notManaged: words.byManagers })}
    >
      {({ slug, tenant, mayManage }) => (
        <>
          <nav aria-label={words.rooms.notifications}>
            <ul className={styles.tabs}>
              <li>
                <Link
                  to="/t/$slug/notifications"
                  params={{ slug }}
                  activeOptions={exact}
                  activeProps={current}
                >
                  {words.inbox}
                </Link>
              </li>
              <li>
                <Link to="/t/$slug/notifications/preferences" params={{ slug }} activeProps={current}>
                  {words.preferences}
                </Link>
              </li>
              {tenant.permissions.includes('read_admin') && (
                <>
                  <li>
                    <Link to="/t/$slug/notifications/templates" params={{ slug }} activeProps={current}>
                      {words.templates}
                    </Link>
                  </li>
                  <li>
                    <Link to="/t/$slug/notifications/providers" params={{ slug }} activeProps={current}>
                      {words.providers}
                    </Link>
                  </li>
                  <li>
                    <Link to="/t/$slug/notifications/suppressions" params={{ slug }} activeProps={current}>
                      {words.suppressions}
                    </Link>
                  </li>
                  <li>
                    <Link to="/t/$slug/notifications/log" params={{ slug }} activeProps={current}>
                      {words.log}
                    </Link>
                  </li>
                </>
              )}
            </ul>
          </nav>
          {tenant.permissions.includes(needs) && children({ slug, tenant, mayManage })}
        </>
      )}
    </Screen>
  )
}

const exact = { exact: true, includeSearch: false }
const current = { 'aria-current': 'page' } as const
