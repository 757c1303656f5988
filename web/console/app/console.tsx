import { CSPProvider } from '@base-ui/react/csp-provider'
import type { User } from '@supabase/auth-js'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useState } from 'react'
import { makeQueries } from './queries.ts'
import { makeRouter } from './router.tsx'

/** What somebody sees who is signed in. Leaving it forgets all that was loaded. */
export default function Console({ user }: { user: User }) {
  const [{ queries, router }] = useState(() => {
    const queries = makeQueries()
    return { queries, router: makeRouter(queries) }
  })
  return (
    // Base UI would write <style> elements, which the content security policy refuses.
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} context={{ queries, user }} />
      </QueryClientProvider>
    </CSPProvider>
  )
}
