import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId, useRef } from 'react'
import { Problem } from '../../../../lib/client/index.ts'
import { importTraining, type TrainingFilters, trainingFile } from '../../api/bot-training.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, Card } from '../../parts/card.tsx'
import { Code } from '../../parts/code.tsx'
import { saveFile } from '../../parts/download.ts'
import { Failure } from '../../parts/notice.tsx'
import { numberOf } from '../../parts/when.tsx'
import { words } from './words/words.ts'

/** What the filters leave, as a file that can be imported again. */
export function SaveAsCsv({ slug, bot, filters }: { slug: string; bot: string; filters: TrainingFilters }) {
  const exporting = useMutation({
    mutationFn: () => trainingFile(slug, bot, filters),
    onSuccess: (file) => saveFile(`training-data-${slug}.csv`, file),
  })
  return (
    <>
      {exporting.error && <Failure error={exporting.error} />}
      <Buttons>
        <Button look="quiet" isIdle={exporting.isPending} onClick={() => exporting.mutate()}>
          {exporting.isPending ? words.working : words.rowsAsCsv}
        </Button>
      </Buttons>
    </>
  )
}

const example = `question,answer,category,locale
Do you sell ukuleles?,"Yes, from 4,500 shillings.",product,en`

/** All rows of a file, or none. */
export function TrainingImport({ slug, bot }: { slug: string; bot: string }) {
  const queries = useQueryClient()
  const chooser = useRef<HTMLInputElement>(null)
  const id = useId()
  const importing = useMutation({
    mutationFn: (file: File) => importTraining(slug, bot, file),
    onSettled: () => {
      // The same file, corrected, can be chosen again.
      if (chooser.current) chooser.current.value = ''
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: [slug, 'bots', bot, 'training'] }),
  })
  const { data } = importing
  const places = importing.error instanceof Problem ? importing.error.errors : []
  return (
    <Card title={words.csvTitle}>
      <p>{words.csvLead}</p>
      <Code>{example}</Code>
      <p>
        <label htmlFor={id}>{words.csvFile}</label>
        <br />
        <input
          id={id}
          ref={chooser}
          type="file"
          accept=".csv,.tsv,.txt,text/csv"
          onChange={({ target }) =>
            target.files?.[0] && !importing.isPending && importing.mutate(target.files[0])
          }
        />
      </p>
      <p role="status">
        {importing.isPending
          ? words.working
          : data
            ? words.csvDone(numberOf(data.rows), numberOf(data.added), numberOf(data.changed))
            : ''}
      </p>
      {importing.error &&
        (places.length > 0 ? <Refused places={places} /> : <Failure error={importing.error} />)}
    </Card>
  )
}

/** Where a file is wrong, as a person finds it there. */
function Refused({ places }: { places: Problem['errors'] }) {
  return (
    <div role="alert">
      <p>{words.csvRefused}</p>
      <ul>
        {places.map(({ pointer, detail }) => {
          const [, line = '', column = ''] = pointer.split('/')
          return (
            <li key={`${pointer} ${detail}`}>
              {words.csvAt(line, column)}: <span lang="en">{detail}</span>
            </li>
          )
        })}
      </ul>
      {places.length === 20 && <p>{words.csvTwenty}</p>}
    </div>
  )
}
