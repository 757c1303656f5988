import type { QueryClient } from '@tanstack/react-query'
import { createMemoryHistory, createRouter, Outlet } from '@tanstack/react-router'
import type { OpenPortal } from '../api/portal.ts'
import { auditRoutes, makeRoot, routerOptions, webhookRoutes } from '../app/routes.tsx'
import styles from './embed.module.css'

const root = makeRoot(() => (
  <main className={styles.content}>
    <Outlet />
  </main>
))
const routeTree = root.addChildren([...webhookRoutes(root), ...auditRoutes(root)])

/** The screens of a portal. Where somebody is among them stands in no address: the page around has its own history. */
export function makeRouter(queries: QueryClient, { portal, tenant }: OpenPortal) {
  const history = createMemoryHistory({ initialEntries: [`/t/${tenant.slug}/${portal}`] })
  // A link that is opened in another tab leads here, and not to the console.
  history.createHref = () => location.pathname
  return createRouter({ routeTree, history, context: { queries, user: undefined! }, ...routerOptions })
}
