import { lazy, Suspense, useEffect, useState } from 'react'
import type { PopupProps } from './dialog-popup.tsx'

const load = () => import('./dialog-popup.tsx')
const Popup = lazy(load)

/** Something that has to be answered before anything else. The focus stays in it, and goes back where it came from. */
export function Dialog(props: PopupProps) {
  // Two thirds of a room's scripts would be for a dialog that is not open. They come once the room is there.
  useEffect(() => void load(), [])
  const [wasOpen, setWasOpen] = useState(props.isOpen)
  if (props.isOpen && !wasOpen) setWasOpen(true)
  if (!wasOpen) return null
  return (
    <Suspense>
      <Popup {...props} />
    </Suspense>
  )
}
