import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useBlocker } from '@tanstack/react-router'
import { type Bio as BioData, bioQuery, saveBio } from '../../api/participants.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { ConflictDialog } from '../../parts/conflict.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { useVersioned, type Versioned } from '../../parts/versioned.ts'
import { words } from './words/words.ts'

const fields = [
  { name: 'headline', maxLength: 200, lines: 1 },
  { name: 'background', maxLength: 5_000, lines: 3 },
  { name: 'goals', maxLength: 5_000, lines: 3 },
  { name: 'notes', maxLength: 20_000, lines: 6 },
] as const
type Name = (typeof fields)[number]['name']
type Fields = Record<Name, string>

interface Props {
  slug: string
  participant: string
  mayWrite: boolean
}

const typed = ({ bio, etag }: { bio: BioData | null; etag: string }): Versioned<Fields> => ({
  fields: Object.fromEntries(fields.map(({ name }) => [name, bio?.[name] ?? ''])) as Fields,
  etag,
})

/** What a coach notes about somebody. Two coaches may write at once. */
export function Bio(props: Props) {
  const bio = useQuery(bioQuery(props.slug, props.participant))
  if (!bio.data || isRefused(bio)) return <Pending queries={[bio]} />
  return <BioForm {...props} read={typed(bio.data)} />
}

function BioForm({ slug, participant, mayWrite, read }: Props & { read: Versioned<Fields> }) {
  const queries = useQueryClient()
  const readAgain = async () =>
    typed(await queries.fetchQuery({ ...bioQuery(slug, participant), staleTime: 0 }))
  const { now, set, isDirty, saving, isSaved, save, conflicts, decide } = useVersioned({
    read,
    save: async (etag, _, bio) => {
      const texts = Object.fromEntries(Object.entries(bio).map(([name, text]) => [name, text || null]))
      await saveBio(slug, participant, texts as BioData, etag)
      await readAgain()
    },
    readAgain,
  })
  useBlocker({ shouldBlockFn: () => isDirty && !confirm(words.unsaved), enableBeforeUnload: () => isDirty })
  const errors = errorsOf(
    saving.error,
    fields.map(({ name }) => `/${name}`),
  )
  return (
    <CardForm title={words.bio} isPending={saving.isPending} onSubmit={save}>
      {fields.map(({ name, maxLength, lines }) => (
        <Field
          key={name}
          name={`/${name}`}
          label={words.bioField[name]}
          maxLength={maxLength}
          {...(lines > 1 && { lines })}
          disabled={!mayWrite}
          value={now[name]}
          onValue={(value) => set(name, value)}
          error={errors.at(`/${name}`)}
        />
      ))}
      {mayWrite && (
        <>
          {errors.rest && <Failure error={errors.rest} />}
          <p role="status">{isSaved && !isDirty ? words.saved : ''}</p>
          <Buttons>
            <Button type="submit" disabled={!isDirty || saving.isPending}>
              {saving.isPending ? words.working : words.save}
            </Button>
          </Buttons>
        </>
      )}
      <ConflictDialog
        title={words.bioConflict}
        conflicts={conflicts}
        labelOf={(name) => words.bioField[name as Name]}
        onDecided={decide}
      />
    </CardForm>
  )
}
