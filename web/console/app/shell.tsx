import { Link, Outlet, useParams, useRouteContext } from '@tanstack/react-router'
import { auth } from '../api/session.ts'
import { Button } from '../parts/button.tsx'
import styles from './shell.module.css'
import { useWords } from './words/words.ts'

/** The screens of a tenant, in the order in which they are listed. */
const screens = [
  { to: '/t/$slug', word: 'home' },
  { to: '/t/$slug/brand', word: 'brand' },
  { to: '/t/$slug/people', word: 'people' },
  { to: '/t/$slug/keys', word: 'keys' },
] as const

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
          {slug &&
            screens.map(({ to, word }) => (
              <Link
                key={to}
                to={to}
                params={{ slug }}
                activeOptions={{ exact: true }}
                activeProps={{ 'aria-current': 'page' }}
              >
                {words[word]}
              </Link>
            ))}
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
