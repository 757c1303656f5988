import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { type BrandChange, previewQuery, welcomeMailQuery } from '../../api/brand.ts'
import { shownCampaignQuery } from '../../api/campaigns.ts'
import { PreviewFrame } from '../../parts/preview-frame.tsx'
import type { PreviewMessage, PreviewMessages } from '../../preview-messages.ts'
import styles from './brand.module.css'
import { words } from './words/words.ts'

/** How long somebody has to pause before the server is asked what the page would be. */
const pauseMs = 300

const pages = { page: '/preview.html', quiz: '/quiz-preview.html', mail: '/mail-preview.html' } as const

/** The page, a campaign and a mail as the draft would make them: by the server, and shown by the modules that visitors run. */
export function Preview({ slug, change }: { slug: string; change: BrandChange }) {
  const [scheme, setScheme] = useState<PreviewMessages['brand']['scheme']>('light')
  const [shown, setShown] = useState<keyof typeof pages>('page')
  const settled = useSettled(change)
  const { data } = useQuery({ ...previewQuery(slug, settled), placeholderData: keepPreviousData })
  const page = data?.page
  const isQuiz = shown === 'quiz'
  const { data: campaign } = useQuery({ ...shownCampaignQuery(slug), enabled: isQuiz })
  const isMail = shown === 'mail'
  const language = (page?.locale ?? 'en').split('-')[0]!
  const { data: mail } = useQuery({
    ...welcomeMailQuery(slug, settled, page?.display_name ?? slug, language),
    placeholderData: keepPreviousData,
    enabled: isMail && data !== undefined,
  })
  let lacks: string | null = null
  let message: PreviewMessage | null = null
  if (isMail) {
    if (mail) message = { kind: 'mail', subject: mail.subject, html: mail.html }
  } else if (data && !page) lacks = words.noPage
  else if (isQuiz && campaign === null) lacks = words.noCampaign
  else if (page && (!isQuiz || campaign)) message = { kind: 'brand', page, scheme, campaign }

  return (
    <section className={styles.preview} aria-label={words.preview}>
      <div className={styles.previewHead}>
        <h2>{words.preview}</h2>
        <Either
          name="shown"
          label={words.shown}
          options={[
            ['page', words.shownPage],
            ['quiz', words.shownQuiz],
            ['mail', words.shownMail],
          ]}
          value={shown}
          onValue={setShown}
        />
        {!isMail && (
          <Either
            name="scheme"
            label={words.scheme}
            options={[
              ['light', words.light],
              ['dark', words.dark],
            ]}
            value={scheme}
            onValue={setScheme}
          />
        )}
      </div>
      {lacks && <p>{lacks}</p>}
      <PreviewFrame
        key={shown}
        src={pages[shown]}
        title={words.frameTitle[shown]}
        message={message}
        className={styles.frame}
        hidden={lacks !== null}
      />
    </section>
  )
}

interface EitherProps<Value extends string> {
  name: string
  label: string
  options: readonly (readonly [Value, string])[]
  value: Value
  onValue: (value: Value) => void
}

/** One of two, side by side. */
function Either<Value extends string>({ name, label, options, value, onValue }: EitherProps<Value>) {
  return (
    <fieldset className={styles.schemes}>
      <legend className={styles.hidden}>{label}</legend>
      {options.map(([each, word]) => (
        <label key={each}>
          <input type="radio" name={name} checked={value === each} onChange={() => onValue(each)} />
          {word}
        </label>
      ))}
    </fieldset>
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
