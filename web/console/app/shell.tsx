import { useIsFetching, useQuery } from '@tanstack/react-query'
import { Link, Outlet, useLocation, useParams, useRouteContext, useRouterState } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useLastChange } from '../api/last-change.ts'
import { unreadQuery } from '../api/notifications.ts'
import { auth } from '../api/session.ts'
import { tenantQuery } from '../api/tenants.ts'
import { Button } from '../parts/button.tsx'
import styles from './shell.module.css'
import { words } from './words/words.ts'

/** The rooms of a tenant, in the order in which they are listed. */
const rooms = [
  { to: '/t/$slug', word: 'home' },
  { to: '/t/$slug/campaigns', word: 'campaigns' },
  { to: '/t/$slug/questionnaires', word: 'questionnaires' },
  { to: '/t/$slug/participants', word: 'participants' },
  { to: '/t/$slug/bots', word: 'bots' },
  { to: '/t/$slug/brand', word: 'brand' },
  { to: '/t/$slug/address', word: 'address' },
  { to: '/t/$slug/notifications', word: 'notifications' },
  { to: '/t/$slug/people', word: 'people' },
  { to: '/t/$slug/sso', word: 'sso' },
  { to: '/t/$slug/keys', word: 'keys' },
  { to: '/t/$slug/webhooks', word: 'webhooks' },
  { to: '/t/$slug/usage', word: 'usage' },
  { to: '/t/$slug/credits', word: 'credits' },
  { to: '/t/$slug/audit', word: 'audit' },
  { to: '/t/$slug/settings', word: 'settings' },
] as const

/** The frame around every screen. */
export function Shell() {
  const { user } = useRouteContext({ from: '__root__' })
  const { slug } = useParams({ strict: false })
  return (
    <>
      <a className={styles.skip} href="#content">
        {words.skip}
      </a>
      <header className={styles.head}>
        <Link to="/">{words.yourTenants}</Link>
        <p className={styles.who}>
          <Link to="/account">{user.email}</Link>
          <Button look="quiet" onClick={() => void auth.signOut({ scope: 'local' })}>
            {words.signOut}
          </Button>
        </p>
      </header>
      <div className={styles.frame}>
        {slug && <Menu slug={slug} />}
        <main id="content" tabIndex={-1} className={styles.content}>
          <Outlet />
          {slug && <LastChange slug={slug} />}
        </main>
      </div>
    </>
  )
}

/** Where the audit log has what was just changed, for whoever may read it. */
function LastChange({ slug }: { slug: string }) {
  const change = useLastChange()
  const { data: tenant } = useQuery({ ...tenantQuery(slug), enabled: change?.slug === slug })
  if (change?.slug !== slug || !tenant?.permissions.includes('read_admin')) return null
  return (
    <p className={styles.last}>
      <Link to="/t/$slug/audit" params={{ slug }} search={{ request_id: change.requestId }}>
        {words.lastChange}
      </Link>
    </p>
  )
}

/** Beside the content, and on a phone behind a button, because the list is longer than its window. */
function Menu({ slug }: { slug: string }) {
  const path = useLocation({ select: ({ pathname }) => pathname })
  // Open on the path where it was opened: following a link closes it.
  const [openOn, setOpenOn] = useState<string | null>(null)
  const isOpen = openOn === path
  return (
    <nav aria-label={words.navigation} className={styles.nav}>
      <Button
        look="quiet"
        className={styles.menu}
        aria-expanded={isOpen}
        onClick={() => setOpenOn(isOpen ? null : path)}
      >
        {words.menu}
        <Unread key={slug} slug={slug} />
      </Button>
      <ul className={isOpen ? styles.open : undefined}>
        {rooms.map(({ to, word }) => (
          <li key={to}>
            <Link
              to={to}
              params={{ slug }}
              activeOptions={{ exact: to === '/t/$slug' }}
              activeProps={{ 'aria-current': 'page' }}
            >
              {words.rooms[word]}
              {word === 'notifications' && <Unread key={slug} slug={slug} />}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

/** How many notifications one has not read. A change is told to screen readers. */
function Unread({ slug }: { slug: string }) {
  const isQuiet = useIsQuiet()
  const { data } = useQuery({ ...unreadQuery(slug), enabled: isQuiet })
  return (
    <span aria-live="polite" aria-atomic="true">
      {data && data.unread > 0 && (
        <>
          {' '}
          <span className={styles.count}>{data.has_more ? `${data.unread}+` : data.unread}</span>{' '}
          <span className={styles.unseen}>{words.notRead}</span>
        </>
      )}
    </span>
  )
}

/** Once the first screen has all that it asks for. What is less urgent waits until then. */
function useIsQuiet() {
  const isFetching = useIsFetching() > 0
  const isOpening = useRouterState({ select: ({ isLoading }) => isLoading })
  const [isQuiet, setQuiet] = useState(false)
  useEffect(() => {
    if (isQuiet || isFetching || isOpening) return
    // A screen that has its tenant asks for the rest a moment later.
    const timer = setTimeout(() => setQuiet(true), 200)
    return () => clearTimeout(timer)
  }, [isQuiet, isFetching, isOpening])
  return isQuiet
}
