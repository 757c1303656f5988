import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { botTemplatesQuery, createBotTemplate, type NewBotTemplate } from '../../api/bot-templates.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Failure } from '../../parts/notice.tsx'
import {
  contextOf,
  emptyTemplate,
  TemplateFieldset,
  templateBody,
  templatePointers,
} from './template-fields.tsx'
import { words } from './words/words.ts'

/** Another way to speak. The first one of a bot becomes its default. */
export function NewTemplate({ slug, bot }: { slug: string; bot: string }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [now, setNow] = useState(emptyTemplate)
  const isWrong = contextOf(now.conversation_context) === undefined
  const { is_default, ...rest } = templateBody(now)
  // Left out, the first one becomes the default.
  const body = { ...rest, ...(is_default && { is_default }) } as NewBotTemplate
  const making = useMutation({
    mutationFn: () => createBotTemplate(slug, bot, body),
    onSettled: () => queries.invalidateQueries({ queryKey: botTemplatesQuery(slug, bot).queryKey }),
    onSuccess: (made) =>
      navigate({
        to: '/t/$slug/bots/$bot/templates/$template',
        params: { slug, bot, template: made.ref_id },
      }),
  })
  const errors = errorsOf(making.error, templatePointers)
  return (
    <CardForm
      title={words.newTemplate}
      isPending={making.isPending}
      onSubmit={() => !isWrong && making.mutate()}
    >
      <TemplateFieldset
        now={now}
        isDisabled={false}
        errorAt={errors.at}
        onSet={(name, value) => setNow((before) => ({ ...before, [name]: value }))}
      />
      {errors.rest && <Failure error={errors.rest} />}
      <Buttons>
        <Button type="submit" isIdle={isWrong || making.isPending}>
          {making.isPending ? words.working : words.makeTemplate}
        </Button>
      </Buttons>
    </CardForm>
  )
}
