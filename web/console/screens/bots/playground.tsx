import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { tryBot } from '../../api/bots.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Banner, Failure } from '../../parts/notice.tsx'
import { BotScreen } from './frame.tsx'
import { Learn } from './learn.tsx'
import { Outcome, Why } from './outcome.tsx'
import { words } from './words/words.ts'

/** What a bot would answer, and why. */
export function Playground() {
  return (
    <BotScreen managedBy="write" notManaged={words.tryByWriters}>
      {({ slug, bot, tenant, mayChange }) =>
        mayChange && <Trial slug={slug} bot={bot.ref_id} own={tenant.locale.slice(0, 2)} />
      }
    </BotScreen>
  )
}

interface Asked {
  text: string
  locale: string
}

function Trial({ slug, bot, own }: { slug: string; bot: string; own: string }) {
  const queries = useQueryClient()
  const [text, setText] = useState('')
  const [locale, setLocale] = useState('')
  const asking = useMutation({
    mutationFn: (asked: Asked) =>
      tryBot(slug, bot, { text: asked.text, ...(asked.locale && { locale: asked.locale }) }),
    // A call of a model is paid for, also where it gave no answer.
    onSettled: (answer) => {
      if (answer?.call !== null) void queries.invalidateQueries({ queryKey: [slug], refetchType: 'none' })
    },
  })
  const errors = errorsOf(asking.error, ['/text', '/locale'])
  const asked = asking.variables
  return (
    <>
      <Banner>{words.tryLead}</Banner>
      <CardForm
        title={words.tryTitle}
        isPending={asking.isPending}
        onSubmit={() => asking.mutate({ text, locale })}
      >
        <Field
          name="/text"
          label={words.message}
          required
          maxLength={4_096}
          lines={3}
          value={text}
          onValue={setText}
          error={errors.at('/text')}
        />
        <Field
          name="/locale"
          label={words.customersLanguage}
          hint={words.customersLanguageHint}
          maxLength={3}
          pattern="[a-z]{2,3}"
          value={locale}
          onValue={setLocale}
          error={errors.at('/locale')}
        />
        {errors.rest && <Failure error={errors.rest} />}
        <Buttons>
          <Button type="submit" isIdle={asking.isPending}>
            {asking.isPending ? words.working : words.ask}
          </Button>
        </Buttons>
      </CardForm>
      <div aria-live="polite">{asking.data && <Outcome slug={slug} bot={bot} answer={asking.data} />}</div>
      {asking.data && asking.data.outcome !== 'silent' && <Why slug={slug} bot={bot} answer={asking.data} />}
      {asked && asking.data?.outcome === 'escalated' && (
        <Learn
          key={asking.submittedAt}
          slug={slug}
          bot={bot}
          asked={asked.text}
          locale={asked.locale || own}
        />
      )}
    </>
  )
}
