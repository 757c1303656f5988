import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { type BrandChange, previewQuery } from '../../api/brand.ts'
import styles from './brand.module.css'
import type { PreviewMessage } from './preview-message.ts'
import { words } from './words/words.ts'

/** How long somebody has to pause before the server is asked what the page would be. */
const pauseMs = 300

/** The page as the draft would make it: rendered by the server, and shown by the modules that visitors run. */
export function Preview({ slug, change }: { slug: string; change: BrandChange }) {
  const frame = useRef<HTMLIFrameElement>(null)
  const [isReady, setReady] = useState(false)
  const [scheme, setScheme] = useState<PreviewMessage['scheme']>('light')
  const settled = useSettled(change)
  const { data } = useQuery({ ...previewQuery(slug, settled), placeholderData: keepPreviousData })
  const page = data?.page

  useEffect(() => {
    const listen = ({ origin, source, data: message }: MessageEvent) => {
      if (
        origin === location.origin &&
        source === frame.current?.contentWindow &&
        message?.kind === 'preview-ready'
      )
        setReady(true)
    }
    addEventListener('message', listen)
    return () => removeEventListener('message', listen)
  }, [])
  useEffect(() => {
    if (!isReady || !page) return
    const message: PreviewMessage = { kind: 'preview', page, scheme }
    frame.current?.contentWindow?.postMessage(message, location.origin)
  }, [isReady, page, scheme])

  return (
    <section className={styles.preview} aria-label={words.preview}>
      <div className={styles.previewHead}>
        <h2>{words.preview}</h2>
        <fieldset className={styles.schemes}>
          <legend className={styles.hidden}>{words.preview}</legend>
          {(['light', 'dark'] as const).map((each) => (
            <label key={each}>
              <input type="radio" name="scheme" checked={scheme === each} onChange={() => setScheme(each)} />
              {words[each]}
            </label>
          ))}
        </fieldset>
      </div>
      {data && !page && <p>{words.noPage}</p>}
      <iframe
        ref={frame}
        src="/preview.html"
        title={words.previewTitle}
        className={styles.frame}
        hidden={data && !page}
      />
    </section>
  )
}

/** The value, once it has been the same for a moment. */
function useSettled(value: BrandChange): BrandChange {
  const text = JSON.stringify(value)
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), pauseMs)
    return () => clearTimeout(timer)
  }, [text])
  return JSON.parse(settled) as BrandChange
}
