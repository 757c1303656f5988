import { Dialog as Base } from '@base-ui/react/dialog'
import type { ReactNode } from 'react'
import styles from './dialog.module.css'

export interface PopupProps {
  title: string
  lead: string
  isOpen: boolean
  /** Escape and a click beside it. Left out, the dialog stays until its own buttons end it. */
  onClose?: () => void
  children: ReactNode
}

export default function Popup({ title, lead, isOpen, onClose, children }: PopupProps) {
  return (
    <Base.Root
      open={isOpen}
      onOpenChange={(open) => !open && onClose?.()}
      disablePointerDismissal={onClose === undefined}
    >
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup className={styles.dialog}>
          <Base.Title>{title}</Base.Title>
          <Base.Description>{lead}</Base.Description>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
