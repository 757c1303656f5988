import { useId } from 'react'
import { Button } from '../../parts/button.tsx'
import { Buttons } from '../../parts/card.tsx'
import { Field } from '../../parts/field.tsx'
import styles from './bots.module.css'
import { words } from './words/words.ts'

/** A text of the profile. Its key stays while its name is typed. */
export interface ProfileText {
  key: string
  name: string
  text: string
}

export const rowsOf = (profile: Record<string, string>): ProfileText[] =>
  Object.entries(profile).map(([name, text]) => ({ key: name, name, text }))

/** What is empty is left out. */
export const profileOf = (rows: readonly ProfileText[]): Record<string, string> =>
  Object.fromEntries(rows.filter(({ name }) => name.trim()).map(({ name, text }) => [name.trim(), text]))

/** A name that stands there twice: the second text would take the place of the first. */
export const isTwice = (rows: readonly ProfileText[], row: ProfileText) =>
  row.name.trim() !== '' && rows.some((each) => each.key !== row.key && each.name.trim() === row.name.trim())

/** Where a refusal names a text. */
export const profilePointer = (name: string) =>
  `/business_profile/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`

interface Props {
  rows: readonly ProfileText[]
  isDisabled: boolean
  errorAt: (pointer: string) => string | undefined
  onRows: (rows: readonly ProfileText[]) => void
}

/** What a bot may say of its shop: rows of a name and a text. */
export function Profile({ rows, isDisabled, errorAt, onRows }: Props) {
  const adding = useId()
  const change = (key: string, some: Partial<ProfileText>) =>
    onRows(rows.map((row) => (row.key === key ? { ...row, ...some } : row)))
  const wrong = errorAt('/business_profile')
  return (
    <fieldset>
      <legend>{words.profile}</legend>
      <p>{words.profileHint}</p>
      {rows.map((row, at) => (
        <div key={row.key} className={styles.text}>
          <Field
            name={`/business_profile/${row.key}/name`}
            label={words.profileName(at + 1)}
            required
            maxLength={40}
            pattern="[a-z][a-z0-9_]*"
            disabled={isDisabled}
            value={row.name}
            onValue={(name) => change(row.key, { name })}
            error={isTwice(rows, row) ? words.nameTwice : undefined}
          />
          <Field
            name={`/business_profile/${row.key}`}
            label={words.profileText(at + 1)}
            maxLength={2_000}
            lines={2}
            disabled={isDisabled}
            value={row.text}
            onValue={(text) => change(row.key, { text })}
            error={errorAt(profilePointer(row.name.trim()))}
          />
          {!isDisabled && (
            <Button
              look="link"
              onClick={() => {
                onRows(rows.filter(({ key }) => key !== row.key))
                // The button that was pressed is gone, and the focus would be with it.
                document.getElementById(adding)?.focus()
              }}
            >
              {words.removeText(at + 1)}
            </Button>
          )}
        </div>
      ))}
      {wrong && (
        <p role="alert" lang="en">
          {wrong}
        </p>
      )}
      {!isDisabled && (
        <Buttons>
          <Button
            id={adding}
            look="quiet"
            isIdle={rows.length >= 40}
            onClick={() => onRows([...rows, { key: crypto.randomUUID(), name: '', text: '' }])}
          >
            {words.addText}
          </Button>
        </Buttons>
      )}
    </fieldset>
  )
}
