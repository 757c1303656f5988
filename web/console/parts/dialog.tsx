import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react'

export interface DialogProps {
  title: string
  lead: string
  isOpen: boolean
  /** Escape and a click beside it. Left out, the dialog stays until its own buttons end it. */
  onClose?: () => void
  children: ReactNode
}

const load = () => import('./dialog-box.tsx')
const DialogBox = lazy(load)

/** Something that has to be answered before anything else. The focus stays in it, and goes back where it came from. */
export function Dialog(props: DialogProps) {
  const [wasOpened, setOpened] = useState(props.isOpen)
  if (props.isOpen && !wasOpened) setOpened(true)
  // Once the screen stands, so that it opens without a network too.
  useEffect(() => void load().catch(() => null), [])
  return wasOpened ? (
    <Suspense>
      <DialogBox {...props} />
    </Suspense>
  ) : null
}
