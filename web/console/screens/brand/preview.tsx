import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { type BrandChange, previewQuery } from '../../api/brand.ts'
import { shownCampaignQuery } from '../../api/campaigns.ts'
import { PreviewFrame } from '../../parts/preview-frame.tsx'
import type { PreviewMessages } from '../../preview-messages.ts'
import styles from './brand.module.css'
import { words } from './words/words.ts'

/** How long somebody has to pause before the server is asked what the page would be. */
const pauseMs = 300

const pages = { page: '/preview.html', quiz: '/quiz-preview.html' } as const

/** The page and a campaign as the draft would make them: by the server, and shown by the modules that visitors run. */
export function Preview({ slug, change }: { slug: string; change: BrandChange }) {
  const [scheme, setScheme] = useState<PreviewMessages['brand']['scheme']>('light')
  const [shown, setShown] = useState<keyof typeof pages>('page')
  const settled = useSettled(change)
  const { data } = useQuery({ ...previewQuery(slug, settled), placeholderData: keepPreviousData })
  const page = data?.page
  const isQuiz = shown === 'quiz'
  const { data: campaign } = useQuery({ ...shownCampaignQuery(slug), enabled: isQuiz })
  const lacks = data && !page ? words.noPage : isQuiz && campaign === null ? words.noCampaign : null

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
          ]}
          value={shown}
          onValue={setShown}
        />
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
      </div>
      {lacks && <p>{lacks}</p>}
      <PreviewFrame
        key={shown}
        src={pages[shown]}
        title={isQuiz ? words.quizTitle : words.previewTitle}
        message={page && (!isQuiz || campaign) ? { kind: 'brand', page, scheme, campaign } : null}
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
