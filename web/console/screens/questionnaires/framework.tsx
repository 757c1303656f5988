import { getRouteApi, Link, useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import { type Column, partOf } from '../../api/framework-parts.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons } from '../../parts/card.tsx'
import { ConflictDialog } from '../../parts/conflict.tsx'
import { Curl } from '../../parts/curl.tsx'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { oneOf } from '../../parts/search.ts'
import { Tabs } from '../../parts/tabs.tsx'
import { Archetypes } from './archetypes.tsx'
import { type Errors, reasonAt, useDraft } from './draft.ts'
import { type Edit, putAt } from './edit.tsx'
import { changeFor, isWithin, stepsOf, valueAt } from './flat.ts'
import { FrameworkScreen, type Here } from './frame.tsx'
import { isWrong, Json, type TypedJson } from './json.tsx'
import { labelOf, textOf } from './labels.ts'
import { Landing } from './landing.tsx'
import styles from './questionnaires.module.css'
import { Questions } from './questions.tsx'
import { Suggest } from './suggest.tsx'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/questionnaires/$framework')
const sections = ['modes', 'landing', 'archetypes', 'json'] as const

/** The draft of an assessment, as forms and as JSON. Both change the same values. */
export function Framework() {
  const { campaign } = route.useSearch()
  return (
    <FrameworkScreen>
      {(here) => (
        <>
          {campaign && (
            <p>
              <Link to="/t/$slug/campaigns/$campaign" params={{ slug: here.slug, campaign }}>
                {words.backToCampaign}
              </Link>
            </p>
          )}
          <Editor {...here} />
        </>
      )}
    </FrameworkScreen>
  )
}

function Editor({ slug, framework, mayManage, read }: Here) {
  const { part, format, json } = route.useSearch()
  const navigate = route.useNavigate()
  const draft = useDraft(slug, framework, read)
  const [typed, setTyped] = useState<TypedJson>({})
  const { config, now, changes, isDirty, saving, isSaved, errors } = draft
  const section = oneOf(sections, part) ?? 'modes'
  const isBroken = isWrong(typed)
  const isUnsaved = isDirty || isBroken
  useBlocker({
    // What is typed stays when another part of it is looked at.
    shouldBlockFn: ({ current, next }) =>
      current.pathname !== next.pathname && isUnsaved && !confirm(words.unsaved),
    enableBeforeUnload: () => isUnsaved,
  })
  const edit: Edit = {
    ...{ now, errors, isDisabled: !mayManage },
    at: (pointer) => valueAt(config, pointer),
    set: (pointer, value) => draft.setAll(putAt(now, pointer, value)),
    setAll: draft.setAll,
  }
  const column = columnOf(section === 'json' ? json : section)
  const label = (pointer: string) => labelOf(pointer, config, read.published)
  return (
    <>
      <p>{words.editLead}</p>
      {read.draft && read.draft.conflicts.length > 0 && (
        <p role="status">
          {words.meets}{' '}
          <Link to="/t/$slug/questionnaires/$framework/publish" params={{ slug, framework }}>
            {words.compare}
          </Link>
        </p>
      )}
      <Tabs label={words.edit}>
        {sections.map((each) => (
          <Link
            key={each}
            to="/t/$slug/questionnaires/$framework"
            params={{ slug, framework }}
            search={(before) => ({ ...before, part: each })}
            aria-current={each === section ? 'page' : undefined}
            activeProps={{}}
          >
            {words.part[each]}
          </Link>
        ))}
      </Tabs>
      <form
        className={styles.form}
        aria-label={words.part[section]}
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (!isBroken) draft.save()
        }}
      >
        {section === 'modes' && (
          <Questions
            edit={edit}
            format={format}
            onFormat={(next) => void navigate({ search: (before) => ({ ...before, format: next }) })}
          />
        )}
        {section === 'landing' && <Landing edit={edit} />}
        {section === 'archetypes' && <Archetypes edit={edit} />}
        {section === 'json' && (
          <Json
            edit={edit}
            part={json}
            onPart={(next) => void navigate({ search: (before) => ({ ...before, json: next }) })}
            typed={typed}
            onTyped={setTyped}
          />
        )}
        {mayManage && (
          <>
            <Field
              name={reasonAt}
              label={words.field.reason}
              hint={words.reasonHint}
              maxLength={500}
              value={String(edit.at(reasonAt) ?? '')}
              onValue={(reason) => edit.set(reasonAt, reason || null)}
              error={errors.find(({ pointer }) => pointer === reasonAt)?.detail}
            />
            {errors.length > 0 && <Wrong slug={slug} framework={framework} errors={errors} labelOf={label} />}
            {saving.error && errors.length === 0 && <Failure error={saving.error} />}
            {isDirty && (read.draft?.conflicts.length ?? 0) === 0 && (
              <Curl
                method="PUT"
                path={`/assessments/frameworks/${framework}/config/draft`}
                tenant={slug}
                etag={read.etag}
                body={{ base_version: read.version, ...changeFor(read, now) }}
              />
            )}
            <div className={styles.bar}>
              <p role="status">
                {isBroken
                  ? words.jsonFirst
                  : isDirty
                    ? words.notSaved(Object.keys(changes).length)
                    : isSaved && words.draftSaved}
              </p>
              <Buttons>
                <Button type="submit" disabled={!isDirty || isBroken || saving.isPending}>
                  {saving.isPending ? words.working : words.saveDraft}
                </Button>
                <Button
                  look="quiet"
                  disabled={!isUnsaved || saving.isPending}
                  onClick={() => {
                    draft.discard()
                    setTyped({})
                  }}
                >
                  {words.undo}
                </Button>
              </Buttons>
            </div>
          </>
        )}
      </form>
      {mayManage && column && (
        <Suggest key={column} slug={slug} framework={framework} column={column} read={read} edit={edit} />
      )}
      <ConflictDialog
        title={words.draftConflict}
        conflicts={draft.conflicts}
        labelOf={label}
        textOf={textOf}
        onDecided={draft.decide}
      />
    </>
  )
}

const columnOf = (part: string | undefined) =>
  (Object.keys(partOf) as Column[]).find((column) => partOf[column] === part)

interface WrongProps {
  slug: string
  framework: string
  errors: Errors
  labelOf: (pointer: string) => string
}

/** What the server would not take, each with the way to its place. */
function Wrong({ slug, framework, errors, labelOf: label }: WrongProps) {
  const sectionOf = (pointer: string) => {
    const [part = '', of = ''] = stepsOf(pointer)
    if (part === 'modes') return { part, format: of }
    const isForm = ['/landing', '/archetypes', '/scoring/combinations', '/scoring/severity_bands'].some(
      (place) => isWithin(pointer, place),
    )
    if (!isForm) return { part: 'json', json: part }
    return { part: part === 'landing' ? 'landing' : 'archetypes' }
  }
  return (
    <div role="alert">
      <p>{words.wrongPlaces}</p>
      <ul>
        {errors.map(({ pointer, detail }) => (
          <li key={`${pointer} ${detail}`}>
            <Link
              to="/t/$slug/questionnaires/$framework"
              params={{ slug, framework }}
              search={(before) => ({ ...before, ...sectionOf(pointer) })}
            >
              {label(pointer)}
            </Link>{' '}
            <code>{pointer}</code> <span lang="en">{detail}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
