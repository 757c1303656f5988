import { QueryClient, type QueryClientConfig } from '@tanstack/react-query'
import { Problem, UnexpectedAnswer } from '../../../lib/client/index.ts'

/** What keeps what was loaded, and asks for it anew. */
export const makeQueries = (config: Omit<QueryClientConfig, 'defaultOptions'> = {}): QueryClient =>
  new QueryClient({
    ...config,
    defaultOptions: {
      queries: {
        // The client has tried again already what is worth it. A refusal stays one.
        retry: false,
        throwOnError: false,
        refetchOnWindowFocus: (query) => !isRefusal(query.state.error),
        staleTime: 10_000,
      },
    },
  })

const isRefusal = (error: unknown) => error instanceof Problem || error instanceof UnexpectedAnswer
