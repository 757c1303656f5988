import { Dialog as Base } from '@base-ui/react/dialog'
import styles from './dialog.module.css'
import type { DialogProps } from './dialog.tsx'

/** The dialog itself, in a file of its own: what it is made of is larger than most screens. */
export default function DialogBox({ title, lead, isOpen, onClose, children }: DialogProps) {
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
