import { Link, Outlet, useLocation, useParams, useRouteContext } from '@tanstack/react-router'
import { useState } from 'react'
import { auth } from '../api/session.ts'
import { Button } from '../parts/button.tsx'
import styles from './shell.module.css'
import { words } from './words/words.ts'

/** The rooms of a tenant, in the order in which they are listed. */
const rooms = [
  { to: '/t/$slug', word: 'home' },
  { to: '/t/$slug/campaigns', word: 'campaigns' },
  { to: '/t/$slug/questionnaires', word: 'questionnaires' },
  { to: '/t/$slug/participants', word: 'participants' },
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
        </main>
      </div>
    </>
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
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
