import { useEffect, useRef, useState } from 'react'
import { onPreviewReady, type PreviewMessage } from '../preview-messages.ts'

interface Props {
  src: '/preview.html' | '/quiz-preview.html' | '/mail-preview.html'
  title: string
  /** What it shows, or null while there is nothing to show. */
  message: PreviewMessage | null
  className: string | undefined
  hidden?: boolean
}

/** A preview in a frame. It gets each message as soon as it listens. Another `src` needs another `key`. */
export function PreviewFrame({ src, title, message, className, hidden = false }: Props) {
  const frame = useRef<HTMLIFrameElement>(null)
  const [isReady, setReady] = useState(false)
  const text = JSON.stringify(message)
  useEffect(
    () =>
      onPreviewReady(
        () => frame.current?.contentWindow,
        () => setReady(true),
      ),
    [],
  )
  useEffect(() => {
    const sent = JSON.parse(text) as PreviewMessage | null
    if (isReady && sent) frame.current?.contentWindow?.postMessage(sent, location.origin)
  }, [isReady, text])
  return <iframe ref={frame} src={src} title={title} className={className} hidden={hidden} />
}
