import { useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { Buttons } from '../../parts/card.tsx'
import { Check, Select } from '../../parts/choice.tsx'
import { numberOf } from '../../parts/when.tsx'
import { Amount, type Edit, Text, treeAt } from './edit.tsx'
import { pointerOf, without } from './flat.ts'
import { freshId, inOrder, moved, nextPosition } from './order.ts'
import styles from './questionnaires.module.css'
import { words } from './words/words.ts'

interface Props {
  edit: Edit
  /** Which format is shown. */
  format: string | undefined
  onFormat: (format: string) => void
}

/** The questions of one format, in the order in which they are asked. */
export function Questions({ edit, format, onFormat }: Props) {
  const modes = treeAt(edit, '/modes')
  const ids = Object.keys(modes)
  const chosen = ids.find((id) => id === format) ?? ids[0]
  if (chosen === undefined) return null
  const at = pointerOf('modes', chosen)
  const isScale = modes[chosen]?.kind === 'scale'
  const items = treeAt(edit, `${at}/items`)
  const ordered = inOrder(items)
  const add = () => {
    const option = (position: number) => ({ position, label: '', weights: {} })
    edit.set(`${at}/items/${freshId('q')}`, {
      ...{ position: nextPosition(items), prompt: '' },
      ...(isScale ? { weights: {} } : { options: { [freshId('c')]: option(1), [freshId('c')]: option(2) } }),
    })
  }
  return (
    <>
      <Select
        label={words.format}
        value={chosen}
        options={ids.map((id) => {
          const title = String(modes[id]?.title ?? id)
          return [id, modes[id]?.is_enabled === true ? title : words.isOff(title)] as const
        })}
        onValue={onFormat}
      />
      <Check
        label={words.field.is_enabled}
        isChecked={modes[chosen]?.is_enabled === true}
        isDisabled={edit.isDisabled}
        onChecked={(isOn) => edit.set(`${at}/is_enabled`, isOn)}
      />
      <Text edit={edit} at={`${at}/title`} label={words.field.title} maxLength={200} />
      <Text edit={edit} at={`${at}/intro`} label={words.field.intro} maxLength={2_000} lines={2} />
      {isScale && <Scale edit={edit} at={`${at}/scale`} />}
      {ordered.map((id, n) => (
        <fieldset key={id} className={styles.one}>
          <legend>{words.question(numberOf(n + 1))}</legend>
          <Text
            edit={edit}
            at={`${at}/items${pointerOf(id, 'prompt')}`}
            label={words.field.prompt}
            maxLength={1_000}
            lines={2}
          />
          {isScale ? (
            <Points edit={edit} at={`${at}/items${pointerOf(id, 'weights')}`} />
          ) : (
            <Choices edit={edit} at={`${at}/items${pointerOf(id, 'options')}`} />
          )}
          <Order edit={edit} at={`${at}/items`} id={id} name={words.question(numberOf(n + 1))} />
        </fieldset>
      ))}
      {!edit.isDisabled && (
        <Button look="quiet" onClick={add}>
          {words.addQuestion}
        </Button>
      )}
    </>
  )
}

/** The words beside the steps of a scale. Some may have none. */
function Scale({ edit, at }: { edit: Edit; at: string }) {
  const [min, max] = [Number(edit.at(`${at}/min`)), Number(edit.at(`${at}/max`))]
  // JSON may say anything. The server allows steps from 0 to 10.
  const steps = Array.from({ length: 11 }, (_, step) => step).filter((step) => step >= min && step <= max)
  return (
    <fieldset className={styles.one}>
      <legend>{words.field.labels}</legend>
      {steps.map((step) => (
        <Text
          key={step}
          edit={{ ...edit, set: (place, value) => edit.set(place, value === '' ? null : value) }}
          at={`${at}/labels/${step}`}
          label={words.onScale(numberOf(step))}
          maxLength={100}
        />
      ))}
    </fieldset>
  )
}

/** What one may choose as the answer. */
function Choices({ edit, at }: { edit: Edit; at: string }) {
  const options = treeAt(edit, at)
  return (
    <>
      {inOrder(options).map((id, n) => (
        <fieldset key={id} className={styles.one}>
          <legend>{words.choice(numberOf(n + 1))}</legend>
          <Text edit={edit} at={at + pointerOf(id, 'label')} label={words.field.label} maxLength={300} />
          <Points edit={edit} at={at + pointerOf(id, 'weights')} />
          <Order edit={edit} at={at} id={id} name={words.choice(numberOf(n + 1))} />
        </fieldset>
      ))}
      {!edit.isDisabled && (
        <Button
          look="quiet"
          onClick={() =>
            edit.set(`${at}/${freshId('c')}`, {
              position: nextPosition(options),
              label: '',
              weights: {},
            })
          }
        >
          {words.addChoice}
        </Button>
      )}
    </>
  )
}

/** How much an answer counts for each result. */
function Points({ edit, at }: { edit: Edit; at: string }) {
  const [isOpen, setOpen] = useState(false)
  const archetypes = treeAt(edit, '/archetypes')
  const weights = treeAt(edit, at)
  const told = inOrder(archetypes)
    .filter((id) => weights[id] !== undefined)
    .map((id) => `${String(archetypes[id]?.name ?? id)} ${String(weights[id])}`)
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{[words.points, told.join(', ')].filter((text) => text !== '').join(': ')}</summary>
      {isOpen && (
        <div className={styles.points}>
          <p>{words.pointsHint}</p>
          {inOrder(archetypes).map((id) => (
            <Amount
              key={id}
              edit={edit}
              at={at + pointerOf(id)}
              label={String(archetypes[id]?.name ?? id)}
              min={-100}
              max={100}
            />
          ))}
        </div>
      )}
    </details>
  )
}

interface OrderProps {
  edit: Edit
  at: string
  id: string
  /** What it is called, for screen readers. */
  name: string
}

/** Where one of several stands, and that it may go. */
function Order({ edit, at, id, name }: OrderProps) {
  if (edit.isDisabled) return null
  const things = treeAt(edit, at)
  const ids = inOrder(things)
  const place = ids.indexOf(id)
  const button = (text: string, isOff: boolean, act: () => void) => (
    <Button look="quiet" aria-label={`${text}: ${name}`} disabled={isOff} onClick={act}>
      {text}
    </Button>
  )
  return (
    <Buttons>
      {button(words.moveUp, place === 0, () => edit.setAll(moved(at, things, id, -1)))}
      {button(words.moveDown, place === ids.length - 1, () => edit.setAll(moved(at, things, id, 1)))}
      {button(words.removeIt, false, () => edit.setAll(without(edit.now, at + pointerOf(id))))}
    </Buttons>
  )
}
