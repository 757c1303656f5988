import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Problem } from '../../../../lib/client/index.ts'
import { type Invitee, inviteToCampaign, pipelineQuery } from '../../api/campaigns.ts'
import { Button } from '../../parts/button.tsx'
import { CardForm } from '../../parts/card.tsx'
import { Select } from '../../parts/choice.tsx'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { type Line, peopleIn } from './people.ts'
import { words } from './words/words.ts'

const most = 50
const languages = ['en', 'de', 'fr', 'es', 'it'] as const

/** Mails a link to each of them. A second try after a lost answer mails nobody twice: the server says who was just invited. */
export function Invite({ slug, campaign }: { slug: string; campaign: string }) {
  const queries = useQueryClient()
  const [text, setText] = useState('')
  const [locale, setLocale] = useState<'' | (typeof languages)[number]>('')
  const [refused, setRefused] = useState<string>()
  // The lines of the text that was sent: the server counts people, and a person sees lines.
  const inviting = useMutation({
    mutationFn: (lines: Line[]) =>
      inviteToCampaign(
        slug,
        campaign,
        lines.map(({ person }) => ({ ...(person as Invitee), ...(locale && { locale }) })),
      ),
    onError: (error, lines) => setRefused(placed(error, lines)),
    onSuccess: () => {
      setText('')
      void queries.invalidateQueries({ queryKey: pipelineQuery(slug, campaign).queryKey })
      void queries.invalidateQueries({ queryKey: [slug, 'participants'] })
    },
  })

  function submit() {
    const lines = peopleIn(text)
    const wrong = lines.filter(({ person }) => person === null)
    inviting.reset()
    setRefused(
      wrong.length > 0
        ? wrong.map(({ line }) => words.line(line, words.noAddress)).join('\n')
        : lines.length > most
          ? words.tooMany
          : undefined,
    )
    if (wrong.length === 0 && lines.length > 0 && lines.length <= most) inviting.mutate(lines)
  }

  return (
    <CardForm title={words.inviteTitle} isPending={inviting.isPending} onSubmit={submit}>
      <Field
        name="/people"
        label={words.people}
        hint={words.peopleHint}
        lines={5}
        required
        value={text}
        onValue={(value) => {
          setRefused(undefined)
          setText(value)
        }}
        error={refused}
      />
      <Select
        label={words.mailLanguage}
        value={locale}
        options={[['', words.ofQuestions], ...languages.map((each) => [each, nameOf(each)] as const)]}
        onValue={setLocale}
      />
      {inviting.error && <Failure error={inviting.error} />}
      <p role="status">{inviting.isSuccess ? words.invited(inviting.data) : ''}</p>
      <Button type="submit" disabled={inviting.isPending}>
        {inviting.isPending ? words.working : words.invite}
      </Button>
    </CardForm>
  )
}

/** What a refusal says of each line. */
function placed(error: unknown, lines: Line[]): string | undefined {
  const told = (error instanceof Problem ? error.errors : []).flatMap(({ pointer, detail }) => {
    const at = /^\/people\/(\d+)/.exec(pointer)?.[1]
    const line = at === undefined ? undefined : lines[Number(at)]?.line
    return line === undefined ? [] : [words.line(line, detail)]
  })
  return told.length > 0 ? told.join('\n') : undefined
}

const nameOf = (language: string) =>
  new Intl.DisplayNames([words.language], { type: 'language' }).of(language) ?? language
