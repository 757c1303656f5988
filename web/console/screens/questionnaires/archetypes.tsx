import { type Edit, Lines, listAt, Text, treeAt } from './edit.tsx'
import { pointerOf } from './flat.ts'
import { inOrder } from './order.ts'
import styles from './questionnaires.module.css'
import { words } from './words/words.ts'

const combinationsAt = '/scoring/combinations'

interface Combination {
  primary: string
  secondary: string
  title: string
  description: string
}

/** What results are called, and what is said of them. */
export function Archetypes({ edit }: { edit: Edit }) {
  const archetypes = treeAt(edit, '/archetypes')
  const nameOf = (id: string) => String(archetypes[id]?.name ?? id)
  const bands = treeAt(edit, '/scoring/severity_bands')
  const combinations = listAt<Combination>(edit, combinationsAt)
  return (
    <>
      {inOrder(archetypes).map((id) => {
        const at = pointerOf('archetypes', id)
        return (
          <fieldset key={id} className={styles.one}>
            <legend>{nameOf(id)}</legend>
            <Text edit={edit} at={`${at}/name`} label={words.field.name} maxLength={100} />
            <Text
              edit={edit}
              at={`${at}/description`}
              label={words.field.description}
              maxLength={2_000}
              lines={3}
            />
            <Lines edit={edit} at={`${at}/strengths`} label={words.field.strengths} />
            <Lines edit={edit} at={`${at}/shadows`} label={words.field.shadows} />
            <Text edit={edit} at={`${at}/emoji`} label={words.field.emoji} maxLength={16} />
            <Text edit={edit} at={`${at}/colour`} label={words.field.colour} maxLength={7} />
          </fieldset>
        )
      })}
      {Object.keys(bands).length > 0 && (
        <fieldset className={styles.one}>
          <legend>{words.field.severity_bands}</legend>
          {Object.keys(bands).map((id) => (
            <Text
              key={id}
              edit={edit}
              at={pointerOf('scoring', 'severity_bands', id, 'label')}
              label={words.band(id)}
              maxLength={100}
            />
          ))}
        </fieldset>
      )}
      {combinations.map(({ primary, secondary }, at) => (
        <fieldset key={`${primary} ${secondary}`} className={styles.one}>
          <legend>{words.combination(nameOf(primary), nameOf(secondary))}</legend>
          {(['title', 'description'] as const).map((field) => (
            <Text
              key={field}
              edit={{
                ...edit,
                set: (_, value) =>
                  edit.set(
                    combinationsAt,
                    combinations.map((each, n) => (n === at ? { ...each, [field]: value } : each)),
                  ),
              }}
              at={`${combinationsAt}/${at}/${field}`}
              label={words.field[field]}
              maxLength={field === 'title' ? 100 : 2_000}
              {...(field === 'description' && { lines: 2 })}
            />
          ))}
        </fieldset>
      ))}
    </>
  )
}
