import { CSPProvider } from '@base-ui/react/csp-provider'
import {
  keepPreviousData,
  MutationCache,
  QueryCache,
  QueryClientProvider,
  useQuery,
} from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode, useEffect, useState, useSyncExternalStore } from 'react'
import { createRoot } from 'react-dom/client'
import { Problem } from '../../../lib/client/index.ts'
import { askWith } from '../api/client.ts'
import { type OpenPortal, readPortal } from '../api/portal.ts'
import { makeQueries } from '../app/queries.ts'
import '../app/tokens.css'
import { Banner } from '../parts/notice.tsx'
import { PortalContext } from '../parts/portal.ts'
import { Pending } from '../parts/states.tsx'
import styles from './embed.module.css'
import { makeRouter } from './router.tsx'
import { applyTheme } from './theme.ts'
import { ask, tokens } from './token.ts'
import { words } from './words/words.ts'

const isEnd = (error: unknown) => error instanceof Problem && error.status === 401
/** Whatever was refused, it was asked with the token of that moment. Whether the one of now is over, its own question says. */
const onError = (error: unknown) => {
  if (isEnd(error)) void queries.invalidateQueries({ queryKey: ['portal'] })
}
const queries = makeQueries({
  queryCache: new QueryCache({
    onError: (error, { queryKey }) => queryKey[0] !== 'portal' && onError(error),
  }),
  mutationCache: new MutationCache({ onError }),
})

const wanted = /^\/embed\/audit\/?$/.test(location.pathname) ? 'audit' : 'webhooks'

function Embed() {
  const { token, isOver } = useSyncExternalStore(tokens.subscribe, tokens.read)
  const portal = useQuery({
    queryKey: ['portal', token],
    queryFn: async ({ signal }) => {
      try {
        return await readPortal(signal)
      } catch (error) {
        if (isEnd(error) && token === tokens.read().token) tokens.end()
        throw error
      }
    },
    enabled: token !== null && !isOver,
    // What is open stays while the next token is looked at.
    placeholderData: keepPreviousData,
    gcTime: 0,
  })
  // A page that gave none may hand one over.
  useEffect(() => {
    if (token === null) tokens.end()
  }, [token])
  const [opened, setOpened] = useState<OpenPortal | null>(null)
  const { data, isPlaceholderData } = portal
  useEffect(() => {
    if (!data || isPlaceholderData) return
    tokens.work()
    setOpened(data)
    const { expires_in: seconds } = data
    const timer = setTimeout(() => ask('ending'), (seconds > 120 ? seconds - 60 : seconds / 2) * 1_000)
    // What was refused with the last token is asked for again.
    void queries.refetchQueries({ type: 'active', predicate: ({ state }) => isEnd(state.error) })
    return () => clearTimeout(timer)
  }, [data, isPlaceholderData])

  return (
    <>
      {isOver && (
        <div role="alert" className={styles.alone}>
          <Banner>{words.over}</Banner>
        </div>
      )}
      {opened === null && !isOver && (
        <div className={styles.alone}>
          <Pending queries={[portal]} />
        </div>
      )}
      {opened !== null &&
        (opened.portal === wanted ? (
          <Screens key={opened.tenant.ref_id} portal={opened} />
        ) : (
          <p className={styles.alone}>{words.otherPortal}</p>
        ))}
    </>
  )
}

function Screens({ portal }: { portal: OpenPortal }) {
  const [router] = useState(() => makeRouter(queries, portal))
  return (
    <PortalContext value={portal}>
      <RouterProvider router={router} />
    </PortalContext>
  )
}

askWith(async () => tokens.read().token)
applyTheme()
const root = document.getElementById('app')
if (!root) throw new Error('embed.html has no #app.')
document.documentElement.lang = words.language
createRoot(root).render(
  <StrictMode>
    {/* Base UI would write <style> elements, which the content security policy refuses. */}
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        <Embed />
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
)
