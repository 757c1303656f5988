import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useBlocker, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import {
  type BotTemplate as BotTemplateData,
  botTemplateQuery,
  botTemplatesQuery,
  changeBotTemplate,
  deleteBotTemplate,
} from '../../api/bot-templates.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { ConflictDialog } from '../../parts/conflict.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { useVersioned, type Versioned } from '../../parts/versioned.ts'
import { BotScreen } from './frame.tsx'
import {
  contextOf,
  type TemplateFields,
  TemplateFieldset,
  templateBody,
  templatePointers,
  typedTemplate,
} from './template-fields.tsx'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/bots/$bot/templates/$template')

interface Read {
  template: BotTemplateData
  etag: string
}
interface Props {
  slug: string
  bot: string
  template: string
  mayChange: boolean
}

const typed = ({ template, etag }: Read): Versioned<TemplateFields> => ({
  fields: typedTemplate(template),
  etag,
})
const labels: Record<string, string> = {
  template_name: words.templateName,
  description: words.description,
  system_prompt: words.instructions,
  tone: words.tone,
  max_response_length: words.longest,
  conversation_context: words.context,
  is_active: words.templateUsed,
  is_default: words.templateDefault,
}

/** One way in which a bot speaks. Two people may edit it at once. */
export function BotTemplate() {
  const { template } = route.useParams()
  return (
    <BotScreen managedBy="write" notManaged={words.templatesByWriters}>
      {({ slug, bot, mayChange }) => (
        <One key={template} slug={slug} bot={bot.ref_id} template={template} mayChange={mayChange} />
      )}
    </BotScreen>
  )
}

function One(props: Props) {
  const read = useQuery(botTemplateQuery(props.slug, props.bot, props.template))
  if (!read.data || isRefused(read)) return <Pending queries={[read]} />
  return <Editor {...props} read={read.data} />
}

function Editor({ slug, bot, template, mayChange, read }: Props & { read: Read }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [isLeaving, setLeaving] = useState(false)
  const query = botTemplateQuery(slug, bot, template)
  const readAgain = async () => typed(await queries.fetchQuery({ ...query, staleTime: 0 }))
  const list = { queryKey: botTemplatesQuery(slug, bot).queryKey }
  const { now, set, isDirty, saving, isSaved, save, conflicts, decide, discard } = useVersioned({
    read: typed(read),
    save: async (etag, changes) => {
      await changeBotTemplate(slug, bot, template, templateBody(changes), etag)
      await readAgain()
      // Another one may be the default no more.
      void queries.invalidateQueries({ ...list, refetchType: 'none' })
    },
    readAgain,
  })
  const removing = useMutation({
    mutationFn: () => deleteBotTemplate(slug, bot, template),
    onSettled: () => setLeaving(false),
    onSuccess: async () => {
      discard()
      await navigate({ to: '/t/$slug/bots/$bot/templates', params: { slug, bot }, ignoreBlocker: true })
      queries.removeQueries({ queryKey: query.queryKey })
      await queries.invalidateQueries(list)
    },
  })
  useBlocker({ shouldBlockFn: () => isDirty && !confirm(words.unsaved), enableBeforeUnload: () => isDirty })
  const errors = errorsOf(saving.error, templatePointers)
  const failure = errors.rest ?? removing.error
  const isWrong = contextOf(now.conversation_context) === undefined
  return (
    <CardForm
      title={read.template.template_name}
      isPending={saving.isPending}
      onSubmit={() => !isWrong && save()}
    >
      <TemplateFieldset
        now={now}
        isDisabled={!mayChange}
        isDefaultFixed={read.template.is_default}
        errorAt={errors.at}
        onSet={set}
      />
      {mayChange && (
        <>
          {failure && <Failure error={failure} />}
          <p role="status">{isSaved && !isDirty ? words.saved : ''}</p>
          <Buttons>
            <Button type="submit" isIdle={!isDirty || isWrong || saving.isPending}>
              {saving.isPending ? words.working : words.save}
            </Button>
            <Button look="quiet" onClick={() => setLeaving(true)}>
              {words.remove}
            </Button>
          </Buttons>
        </>
      )}
      <ConflictDialog
        title={words.templateConflict}
        conflicts={conflicts}
        labelOf={(name) => labels[name] ?? name}
        textOf={(value) =>
          typeof value === 'boolean'
            ? words[value ? 'yes' : 'no']
            : (words.tones[value as keyof typeof words.tones] ?? String(value))
        }
        onDecided={decide}
      />
      <Confirm
        title={words.removeTemplateTitle(read.template.template_name)}
        lead={words.removeTemplateLead}
        act={words.remove}
        isOpen={isLeaving}
        isPending={removing.isPending}
        onAct={removing.mutate}
        onClose={() => setLeaving(false)}
      />
    </CardForm>
  )
}
