import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import {
  previewTemplate,
  removeTemplate,
  saveTemplate,
  type Template as TemplateData,
  templateDiffQuery,
  templateQuery,
  type Words,
} from '../../api/messages.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, Card, CardForm } from '../../parts/card.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { ConflictDialog } from '../../parts/conflict.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { PreviewFrame } from '../../parts/preview-frame.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { useVersioned, type Versioned } from '../../parts/versioned.ts'
import styles from './notifications.module.css'
import { Part } from './tabs.tsx'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/notifications/templates/$template/$locale')

interface Props {
  slug: string
  template: string
  locale: string
  mayManage: boolean
}

const names = ['name', 'subject', 'body_html', 'body_text'] as const
type Fields = Record<(typeof names)[number], string>

interface Read {
  template: TemplateData
  etag: string
}

const typed = ({ template, etag }: Read): Versioned<Fields> => ({
  fields: {
    name: template.name,
    subject: template.subject,
    body_html: template.body_html,
    body_text: template.body_text ?? '',
  },
  etag,
})

/** The words of one mail in one language. Two people may write at once. */
export function Template() {
  const { template, locale } = route.useParams()
  return (
    <Part needs="read_admin">
      {({ slug, mayManage }) => (
        <One key={`${slug} ${template} ${locale}`} {...{ slug, template, locale, mayManage }} />
      )}
    </Part>
  )
}

function One(props: Props) {
  const read = useQuery(templateQuery(props.slug, props.template, props.locale))
  if (!read.data || isRefused(read)) return <Pending queries={[read]} />
  return (
    <>
      <h2>
        {read.data.template.name} ({props.locale})
      </h2>
      <Editor {...props} read={read.data} />
      {!read.data.template.is_global && <Differences {...props} />}
    </>
  )
}

const lines: Partial<Record<keyof Fields, number>> = { body_html: 10, body_text: 6 }
const longest = { name: 255, subject: 500, body_html: 100_000, body_text: 100_000 }

function Editor({ slug, template: name, locale, mayManage, read }: Props & { read: Read }) {
  const queries = useQueryClient()
  const { template, etag } = read
  const [isLeaving, setLeaving] = useState(false)
  const query = templateQuery(slug, name, locale)
  const readAgain = async () => typed(await queries.fetchQuery({ ...query, staleTime: 0 }))
  const refreshList = () =>
    queries.invalidateQueries({ queryKey: [slug, 'templates'], refetchType: 'inactive' })
  const { now, set, isDirty, saving, isSaved, save, conflicts, decide, discard } = useVersioned({
    read: typed(read),
    save: async (version, _, fields) => {
      await saveTemplate(slug, template, fields, version)
      await readAgain()
      void refreshList()
      void queries.invalidateQueries({ queryKey: templateDiffQuery(slug, name, locale).queryKey })
    },
    readAgain,
  })
  const previewing = useMutation({ mutationFn: (some: Words) => previewTemplate(slug, template, some) })
  const removing = useMutation({
    mutationFn: () => removeTemplate(slug, template, etag),
    onSettled: () => setLeaving(false),
    onSuccess: async () => {
      discard()
      await readAgain()
      void refreshList()
    },
  })
  useBlocker({ shouldBlockFn: () => isDirty && !confirm(words.unsaved), enableBeforeUnload: () => isDirty })
  const errors = errorsOf(
    saving.error ?? previewing.error,
    names.map((each) => `/${each}`),
  )

  return (
    <>
      <CardForm
        title={template.is_global ? words.globalWords : words.ownWords}
        isPending={saving.isPending}
        onSubmit={save}
      >
        <p>
          {words.variables}{' '}
          {template.variables.map(({ key }) => (
            <code key={key}>{`{{${key}}} `}</code>
          ))}
        </p>
        {names.map((each) => (
          <Field
            key={each}
            name={`/${each}`}
            label={words.field[each]}
            {...(each === 'body_text' && { hint: words.textHint })}
            {...(lines[each] && { lines: lines[each] })}
            required={each !== 'body_text'}
            maxLength={longest[each]}
            disabled={!mayManage}
            value={now[each]}
            onValue={(value) => {
              previewing.reset()
              set(each, value)
            }}
            error={errors.at(`/${each}`)}
          />
        ))}
        {(errors.rest ?? removing.error) && <Failure error={errors.rest ?? removing.error} />}
        <p role="status">{isSaved && !isDirty ? words.saved : ''}</p>
        <Buttons>
          {mayManage && (
            <Button type="submit" disabled={!isDirty || saving.isPending}>
              {saving.isPending ? words.working : words.save}
            </Button>
          )}
          <Button look="quiet" disabled={previewing.isPending} onClick={() => previewing.mutate(now)}>
            {words.preview}
          </Button>
          {mayManage && !template.is_global && (
            <Button look="quiet" onClick={() => setLeaving(true)}>
              {words.backToGlobal}
            </Button>
          )}
        </Buttons>
      </CardForm>
      {previewing.data && (
        <Card title={words.previewTitle}>
          <p>
            {words.fromWhom(previewing.data.from_name)}
            <br />
            <strong>{previewing.data.subject}</strong>
          </p>
          <PreviewFrame
            src="/mail-preview.html"
            title={words.previewTitle}
            message={{ kind: 'mail', subject: previewing.data.subject, html: previewing.data.html }}
            className={styles.frame}
          />
          <details>
            <summary>{words.asText}</summary>
            <pre className={styles.mail}>{previewing.data.text}</pre>
          </details>
        </Card>
      )}
      <ConflictDialog
        title={words.templateConflict}
        conflicts={conflicts}
        labelOf={(each) => words.field[each as keyof Fields]}
        onDecided={decide}
      />
      <Confirm
        title={words.backTitle}
        lead={words.backLead}
        act={words.backToGlobal}
        isOpen={isLeaving}
        isPending={removing.isPending}
        onAct={removing.mutate}
        onClose={() => setLeaving(false)}
      />
    </>
  )
}

/** How the tenant's own words differ from those of the product. */
function Differences({ slug, template, locale }: Props) {
  const { data: changes = [] } = useQuery(templateDiffQuery(slug, template, locale))
  if (changes.length === 0) return null
  return (
    <details>
      <summary>{words.differences}</summary>
      {changes.map(({ field, lines: told }) => (
        <pre key={field} className={styles.mail}>
          {told.join('\n')}
        </pre>
      ))}
    </details>
  )
}
