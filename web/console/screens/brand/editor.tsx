import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useBlocker } from '@tanstack/react-router'
import { type FormEvent, useId } from 'react'
import { brandQuery, fontsQuery, saveBrand, type VersionedBrand } from '../../api/brand.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons } from '../../parts/card.tsx'
import { Check } from '../../parts/choice.tsx'
import { ConflictDialog, type Value } from '../../parts/conflict.tsx'
import { Curl } from '../../parts/curl.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { useVersioned, type Versioned } from '../../parts/versioned.ts'
import styles from './brand.module.css'
import { Colors } from './colors.tsx'
import {
  changeOf,
  type Fields,
  fieldsOf,
  fontFields,
  labelOf,
  pointersOf,
  sections,
  type TextField,
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

const typed = ({ brand, etag }: VersionedBrand): Versioned<Fields> => ({ fields: fieldsOf(brand), etag })

export function Editor({ slug, read, mayManage }: Props) {
  const queries = useQueryClient()
  const { data: fonts = [] } = useQuery(fontsQuery(slug))
  const fontList = useId()
  const { brand, etag } = read
  const query = brandQuery(slug)
  const { now, changes, set, isDirty, saving, isSaved, save, discard, conflicts, decide } = useVersioned({
    read: typed(read),
    save: async (version, changed) =>
      queries.setQueryData(query.queryKey, await saveBrand(slug, changeOf(changed), version)),
    readAgain: async () => typed(await queries.fetchQuery({ ...query, staleTime: 0 })),
  })
  useBlocker({ shouldBlockFn: () => isDirty && !confirm(words.unsaved), enableBeforeUnload: () => isDirty })
  const current = (pointer: string): Value => now[pointer] ?? null
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
        brand.warnings.find((each) => each.pointer === pointer && !(pointer in changes))?.detail
      }
    />
  )

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    save()
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
              {isDirty ? words.changed(Object.keys(changes).length) : isSaved ? words.saved : ''}
            </p>
            <Buttons>
              <Button type="submit" disabled={!isDirty || saving.isPending}>
                {saving.isPending ? words.working : words.save}
              </Button>
              <Button look="quiet" disabled={!isDirty || saving.isPending} onClick={discard}>
                {words.discard}
              </Button>
            </Buttons>
            {isDirty && (
              <Curl
                method="PATCH"
                path="/branding/brand"
                tenant={slug}
                etag={etag}
                body={changeOf(changes)}
              />
            )}
          </div>
        )}
      </form>
      {mayManage && (
        <Preview slug={slug} change={isDirty ? changeOf(changes) : { display_name: brand.display_name }} />
      )}
      <ConflictDialog
        title={words.conflictTitle}
        conflicts={conflicts}
        labelOf={labelOf}
        onDecided={decide}
      />
    </div>
  )
}
