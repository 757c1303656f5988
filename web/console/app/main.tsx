import { lazy, StrictMode, Suspense, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { auth, type Session } from '../api/session.ts'
import './tokens.css'
import { words } from './words/words.ts'

// Signing in needs neither the router nor its screens. Whoever is signed in loads no form for it.
const SignIn = lazy(() => import('../screens/sign-in.tsx'))
const Console = lazy(() => import('./console.tsx'))

function App() {
  const [session, setSession] = useState<Session | null>()
  useEffect(() => {
    const { data } = auth.onAuthStateChange((_event, now) => setSession(now))
    return () => data.subscription.unsubscribe()
  }, [])
  if (session === undefined) return null
  return (
    <Suspense>
      {/* The key: what one person has loaded goes with them. */}
      {session ? <Console key={session.user.id} user={session.user} /> : <SignIn />}
    </Suspense>
  )
}

const root = document.getElementById('app')
if (!root) throw new Error('index.html has no #app.')
document.documentElement.lang = words.language
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
