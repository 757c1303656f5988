import { useState } from 'react'
import type { ApiKeyWithSecret } from '../../api/api-keys.ts'
import { useWords } from '../../app/words/words.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import styles from './keys.module.css'

/** The key, this once. It is in this component alone, so it is gone when the dialog is. */
export function Secret({ made, onDone }: { made: ApiKeyWithSecret; onDone: () => void }) {
  const words = useWords()
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    // Some browsers refuse. The key can be marked and copied by hand.
    await navigator.clipboard.writeText(made.key).catch(() => null)
    setCopied(true)
  }
  return (
    <Dialog title={words.secretTitle} lead={words.secretLead} isOpen>
      <input
        className={styles.secret}
        aria-label={made.name}
        readOnly
        value={made.key}
        onFocus={(event) => event.target.select()}
      />
      <span className={styles.buttons}>
        <Button look="quiet" onClick={() => void copy()}>
          {isCopied ? words.copied : words.copy}
        </Button>
        <Button onClick={onDone}>{words.haveKept}</Button>
      </span>
    </Dialog>
  )
}
