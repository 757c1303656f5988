import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useBlocker } from '@tanstack/react-router'
import { type FormEvent, useId, useState } from 'react'
import { Problem } from '../../../../lib/client/index.ts'
import { brandQuery, fontsQuery, saveBrand, type VersionedBrand } from '../../api/brand.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons } from '../../parts/card.tsx'
import { Check } from '../../parts/choice.tsx'
import { type Conflict, ConflictDialog } from '../../parts/conflict.tsx'
import { Curl } from '../../parts/curl.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import styles from './brand.module.css'
import { Colors } from './colors.tsx'
import {
  changeOf,
  conflictsOf,
  type Draft,
  fontFields,
  labelOf,
  pointersOf,
  sections,
  type TextField,
  type Value,
  valueAt,
  withValue,
} from './fields.ts'
import { Pictures } from './pictures.tsx'
import { Preview } from './preview.tsx'
import { words } from './words/words.ts'

interface Props {
  slug: string
  /** What the server has, as far as this page knows. */
  read: VersionedBrand
  mayManage: boolean
}

const nothing: Draft = new Map()

export function Editor({ slug, read, mayManage }: Props) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState(nothing)
  const [conflicts, setConflicts] = useState<Conflict[]>([])
  const { data: fonts = [] } = useQuery(fontsQuery(slug))
  const fontList = useId()
  const { brand, etag } = read

  const saving = useMutation({
    mutationFn: (changes: Draft) => save(changes, etag),
    onSuccess: (saved) => {
      if (!saved) return
      queries.setQueryData(brandQuery(slug).queryKey, saved)
      setDraft(nothing)
    },
  })

  /**
   * Null if somebody else was first and both changed the same: a person decides. What the other changed elsewhere comes in,
   * and the change is made after theirs.
   */
  async function save(changes: Draft, version: string): Promise<VersionedBrand | null> {
    try {
      return await saveBrand(slug, changeOf(changes), version)
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'version_mismatch') throw error
      const now = await queries.fetchQuery({ ...brandQuery(slug), staleTime: 0 })
      const found = conflictsOf(changes, brand, now.brand)
      // What they changed to the same is no change any more.
      const left = [...changes].reduce<Draft>(
        (next, [pointer, value]) => withValue(next, now.brand, pointer, value),
        nothing,
      )
      setDraft(left)
      if (found.length > 0) setConflicts(found)
      else return left.size > 0 ? save(left, now.etag) : now
      return null
    }
  }

  const isDirty = draft.size > 0
  useBlocker({ shouldBlockFn: () => isDirty && !confirm(words.unsaved), enableBeforeUnload: () => isDirty })

  const current = (pointer: string): Value =>
    draft.get(pointer) ?? (draft.has(pointer) ? null : valueAt(brand, pointer))
  const set = (pointer: string, value: Value) => {
    if (saving.isSuccess || saving.isError) saving.reset()
    setDraft((before) => withValue(before, brand, pointer, value))
  }
  const errors = errorsOf(saving.error, pointersOf())

  const textField = ({ pointer, label, required = false, ...rest }: TextField, list?: string) => (
    <Field
      key={pointer}
      name={pointer}
      label={label}
      {...rest}
      required={required}
      disabled={!mayManage}
      {...(list && { list })}
      value={String(current(pointer) ?? '')}
      // An empty field is no value. The name alone must have one.
      onValue={(value) => set(pointer, value === '' && !required ? null : value)}
      error={
        errors.at(pointer) ??
        brand.warnings.find((each) => each.pointer === pointer && !draft.has(pointer))?.detail
      }
    />
  )

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    if (isDirty && !saving.isPending) saving.mutate(draft)
  }

  return (
    <div className={styles.columns}>
      <form className={styles.form} onSubmit={submit}>
        {sections().map(({ title, fields }, at) => (
          <section key={title} className={styles.section} aria-label={title}>
            <h2>{title}</h2>
            {fields.map((field) => textField(field))}
            {at === 0 && (
              <Check
                label={words.pageIsOn}
                isChecked={current('/is_active') === true}
                isDisabled={!mayManage}
                onChecked={(isOn) => set('/is_active', isOn)}
              />
            )}
          </section>
        ))}
        <Pictures slug={slug} read={read} isDisabled={!mayManage || saving.isPending} />
        <Colors current={current} set={set} errorAt={errors.at} isDisabled={!mayManage} />
        <section className={styles.section} aria-label={words.fonts}>
          <h2>{words.fonts}</h2>
          {fontFields().map((field) => textField(field, fontList))}
          <datalist id={fontList}>
            {fonts.map(({ family }) => (
              <option key={family} value={family} />
            ))}
          </datalist>
        </section>
        {mayManage && (
          <div className={styles.bar}>
            {errors.rest && <Failure error={errors.rest} />}
            <p role="status" className={styles.state}>
              {isDirty ? words.changed(draft.size) : saving.data ? words.saved : ''}
            </p>
            <Buttons>
              <Button type="submit" disabled={!isDirty || saving.isPending}>
                {saving.isPending ? words.working : words.save}
              </Button>
              <Button
                look="quiet"
                disabled={!isDirty || saving.isPending}
                onClick={() => {
                  saving.reset()
                  setDraft(nothing)
                }}
              >
                {words.discard}
              </Button>
            </Buttons>
            {isDirty && (
              <Curl method="PATCH" path="/branding/brand" tenant={slug} etag={etag} body={changeOf(draft)} />
            )}
          </div>
        )}
      </form>
      {mayManage && (
        <Preview slug={slug} change={isDirty ? changeOf(draft) : { display_name: brand.display_name }} />
      )}
      <ConflictDialog
        title={words.conflictTitle}
        conflicts={conflicts}
        labelOf={labelOf}
        onDecided={(kept) => {
          setConflicts([])
          saving.reset()
          setDraft((before) =>
            conflicts.reduce(
              (next, { pointer, mine, theirs }) =>
                withValue(next, brand, pointer, kept.has(pointer) ? mine : theirs),
              before,
            ),
          )
        }}
      />
    </div>
  )
}
