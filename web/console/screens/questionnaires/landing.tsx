import { Button } from '../../parts/button.tsx'
import { Select } from '../../parts/choice.tsx'
import { numberOf } from '../../parts/when.tsx'
import { Amount, type Edit, listAt, Text } from './edit.tsx'
import { freshId } from './order.ts'
import styles from './questionnaires.module.css'
import { words } from './words/words.ts'

const gates = ['none', 'soft', 'hard'] as const
const personasAt = '/landing/personas'

interface Persona {
  id: string
  name: string
  description: string
}

/** What people read before the first question. */
export function Landing({ edit }: { edit: Edit }) {
  const personas = listAt<Persona>(edit, personasAt)
  return (
    <>
      <Text edit={edit} at="/landing/headline" label={words.field.headline} maxLength={200} />
      <Select
        label={words.field.capture_gate}
        value={String(edit.at('/landing/capture_gate'))}
        isDisabled={edit.isDisabled}
        options={gates.map((gate) => [gate, words.gate[gate]] as const)}
        onValue={(gate) => edit.set('/landing/capture_gate', gate)}
      />
      <Amount edit={edit} at="/landing/traffic_split" label={words.field.traffic_split} min={0} max={1} />
      {personas.map((persona, at) => (
        <fieldset key={persona.id} className={styles.one}>
          <legend>{words.persona(numberOf(at + 1))}</legend>
          {(['name', 'description'] as const).map((field) => (
            <Text
              key={field}
              edit={{
                ...edit,
                set: (_, value) =>
                  edit.set(
                    personasAt,
                    personas.map((each, n) => (n === at ? { ...each, [field]: value } : each)),
                  ),
              }}
              at={`${personasAt}/${at}/${field}`}
              label={words.field[field]}
              maxLength={field === 'name' ? 100 : 1_000}
              {...(field === 'description' && { lines: 2 })}
            />
          ))}
          {!edit.isDisabled && (
            <Button
              look="quiet"
              onClick={() =>
                edit.set(
                  personasAt,
                  personas.filter((_, n) => n !== at),
                )
              }
            >
              {words.removeIt}
            </Button>
          )}
        </fieldset>
      ))}
      {!edit.isDisabled && personas.length < 20 && (
        <Button
          look="quiet"
          onClick={() => edit.set(personasAt, [...personas, { id: freshId('p'), name: '', description: '' }])}
        >
          {words.addPersona}
        </Button>
      )}
    </>
  )
}
