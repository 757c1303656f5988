import { lazy, StrictMode, Suspense, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { askWith } from '../api/client.ts'
import { accessToken, auth, type Session } from '../api/session.ts'
import { handedSession } from './arrival.ts'
import './tokens.css'
import { words } from './words/words.ts'

// Signing in needs neither the router nor its screens. Whoever is signed in loads no form for it.
const SignIn = lazy(() => import('../screens/sign-in/sign-in.tsx'))
const HandOver = lazy(() => import('../screens/sign-in/hand-over.tsx'))
const Console = lazy(() => import('./console.tsx'))

function App() {
  const [session, setSession] = useState<Session | null>()
  // Whoever forgot the password is signed in by the code of the mail, and has not chosen another one yet.
  const [isRecovering, setRecovering] = useState(false)
  const [handed, setHanded] = useState(handedSession)
  useEffect(() => {
    const { data } = auth.onAuthStateChange((event, now) => {
      setSession(now)
      if (event === 'PASSWORD_RECOVERY') setRecovering(true)
      else if (event === 'USER_UPDATED' || event === 'SIGNED_OUT') setRecovering(false)
    })
    return () => data.subscription.unsubscribe()
  }, [])
  if (session === undefined) return null
  if (handed && handed.email !== session?.user.email)
    return (
      <Suspense>
        <HandOver handed={handed} onDone={() => setHanded(null)} />
      </Suspense>
    )
  return (
    <Suspense>
      {/* The key: what one person has loaded goes with them. */}
      {session && !isRecovering ? <Console key={session.user.id} user={session.user} /> : <SignIn />}
    </Suspense>
  )
}

askWith(accessToken)
const root = document.getElementById('app')
if (!root) throw new Error('index.html has no #app.')
document.documentElement.lang = words.language
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
