import { Link, Outlet, useParams, useRouteContext } from '@tanstack/react-router'
import { auth } from '../api/session.ts'
import { Button } from '../parts/button.tsx'
import styles from './shell.module.css'
import { useWords } from './words/words.ts'

/** The frame around every screen. */
export function Shell() {
  const words = useWords()
  const { user } = useRouteContext({ from: '__root__' })
  const { slug } = useParams({ strict: false })
  return (
    <>
      <a className={styles.skip} href="#content">
        {words.skip}
      </a>
      <header className={styles.head}>
        <nav aria-label={words.navigation} className={styles.nav}>
          <Link to="/">{words.yourTenants}</Link>
          {slug && (
            <Link to="/t/$slug/brand" params={{ slug }} activeProps={{ 'aria-current': 'page' }}>
              {words.brand}
            </Link>
          )}
        </nav>
        <p className={styles.who}>
          <span>{user.email}</span>
          <Button look="quiet" onClick={() => void auth.signOut({ scope: 'local' })}>
            {words.signOut}
          </Button>
        </p>
      </header>
      <main id="content" tabIndex={-1} className={styles.content}>
        <Outlet />
      </main>
    </>
  )
}
