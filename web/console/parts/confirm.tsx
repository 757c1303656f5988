import type { ReactNode } from 'react'
import { words } from '../app/words/words.ts'
import { Button } from './button.tsx'
import { Buttons } from './card.tsx'
import { Dialog } from './dialog.tsx'

interface Props {
  title: string
  lead: string
  /** What the button that does it says. */
  act: string
  isOpen: boolean
  isPending: boolean
  onAct: () => void
  onClose: () => void
  children?: ReactNode
}

/** Asks before something that is hard to undo. */
export function Confirm({ title, lead, act, isOpen, isPending, onAct, onClose, children }: Props) {
  return (
    <Dialog title={title} lead={lead} isOpen={isOpen} onClose={onClose}>
      {children}
      <Buttons>
        <Button disabled={isPending} onClick={onAct}>
          {act}
        </Button>
        <Button look="quiet" onClick={onClose}>
          {words.cancel}
        </Button>
      </Buttons>
    </Dialog>
  )
}
