import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Problem } from '../../../../lib/client/index.ts'
import { isRefused, Pending } from '../../parts/states.tsx'
import { StepUp } from '../account/second-factor.tsx'
import styles from './operator.module.css'
import { words } from './words/words.ts'

interface Query {
  data: unknown
  error: unknown
  refetch: () => unknown
}

/** A screen of those who run the platform. It asks for the second factor if the server wants one. */
export function OperatorScreen({
  title,
  query,
  children,
}: {
  title: string
  query: Query
  children: () => ReactNode
}) {
  const needsFactor = query.error instanceof Problem && query.error.code === 'second_factor_required'
  return (
    <>
      <title>{`${title} – Tenantry`}</title>
      <nav aria-label={words.parts} className={styles.nav}>
        <Link to="/operator" activeOptions={{ exact: true, includeSearch: false }}>
          {words.opTenants}
        </Link>
        <Link to="/operator/audit" activeOptions={{ includeSearch: false }}>
          {words.opAudit}
        </Link>
        <Link to="/operator/queues">{words.opQueues}</Link>
      </nav>
      <h1>{title}</h1>
      {needsFactor ? (
        <StepUp onDone={() => void query.refetch()} />
      ) : query.data === undefined || isRefused(query) ? (
        <Pending queries={[query]} />
      ) : (
        children()
      )}
    </>
  )
}
