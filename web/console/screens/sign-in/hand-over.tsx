import { useState } from 'react'
import { auth, codeOfRefusal } from '../../api/session.ts'
import type { HandedSession } from '../../app/arrival.ts'
import { Button } from '../../parts/button.tsx'
import styles from './sign-in.module.css'
import { sentenceOf } from './steps.ts'
import { words } from './words/words.ts'

/**
 * Asks before a session that came with the address is used. Anybody can make such an address, and lead somebody to work
 * in an account that is not theirs.
 */
export default function HandOver({ handed, onDone }: { handed: HandedSession; onDone: () => void }) {
  const [refusal, setRefusal] = useState('')
  const { email, ...session } = handed
  const take = async () => {
    const { error } = await auth.setSession(session)
    if (error) setRefusal(sentenceOf(codeOfRefusal(error)))
    else onDone()
  }
  return (
    <main className={styles.page}>
      <div className={styles.form}>
        <h1>{words.handedTitle}</h1>
        <p className={styles.lead}>{words.handedLead(email)}</p>
        <p role="alert" className={styles.refusal}>
          {refusal}
        </p>
        <Button onClick={() => void take()}>{words.handedContinue(email)}</Button>
        <Button look="quiet" onClick={onDone}>
          {words.handedNo}
        </Button>
      </div>
    </main>
  )
}
