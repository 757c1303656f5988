import { useState } from 'react'
import { words } from '../app/words/words.ts'
import { Button } from './button.tsx'
import { Buttons } from './card.tsx'
import styles from './copy.module.css'
import { Dialog } from './dialog.tsx'

interface Props {
  title: string
  lead: string
  /** What the secret is called. */
  label: string
  secret: string
  onDone: () => void
}

/** A secret, this once. It is in the caller's state alone, so it is gone when the dialog is. */
export function Secret({ title, lead, label, secret, onDone }: Props) {
  return (
    <Dialog title={title} lead={lead} isOpen>
      <input
        className={styles.text}
        aria-label={label}
        readOnly
        value={secret}
        onFocus={(event) => event.target.select()}
      />
      <Buttons>
        <Copy text={secret} />
        <Button onClick={onDone}>{words.haveKept}</Button>
      </Buttons>
    </Dialog>
  )
}

/** Puts a text into the clipboard. */
export function Copy({ text, label = words.copy }: { text: string; label?: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    // Some browsers refuse. The text can be marked and copied by hand.
    await navigator.clipboard.writeText(text).catch(() => null)
    setCopied(true)
  }
  return (
    <Button look="quiet" onClick={() => void copy()}>
      {isCopied ? words.copied : label}
    </Button>
  )
}
