import { Problem } from '../../../lib/client/index.ts'
import { words } from '../app/words/words.ts'
import { Failure } from './notice.tsx'

interface Query {
  error: unknown
  refetch: () => unknown
}

export function Loading() {
  return <p role="status">{words.loading}</p>
}

export function NotFound() {
  return <p>{words.notFound}</p>
}

/** Whether the server says no. What was loaded before is not shown any more, while it is when only the network is away. */
export const isRefused = (...queries: Query[]) => queries.some(({ error }) => error instanceof Problem)

/** In place of a screen until all that it needs is there. */
export function Pending({ queries }: { queries: Query[] }) {
  const failed = queries.filter(({ error }) => error)
  if (failed.length === 0) return <Loading />
  return (
    <Failure
      error={failed[0]?.error}
      retry={() => {
        for (const { refetch } of failed) void refetch()
      }}
    />
  )
}
