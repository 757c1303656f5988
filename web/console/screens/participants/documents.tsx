import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useRef, useState } from 'react'
import {
  type ClientDocument,
  deleteDocument,
  documentsQuery,
  openDocument,
  participantQuery,
  uploadDocument,
} from '../../api/participants.ts'
import { Button } from '../../parts/button.tsx'
import { Card } from '../../parts/card.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { dayOf, numberOf } from '../../parts/when.tsx'
import { words } from './words/words.ts'

interface Props {
  slug: string
  participant: string
  mayWrite: boolean
}

const accepted = '.pdf,.png,.jpg,.jpeg,.webp,.txt,.docx'

/** Files that a coach keeps about somebody. A link to one is made when it is opened, and ends soon. */
export function Documents({ slug, participant, mayWrite }: Props) {
  const queries = useQueryClient()
  const documents = useQuery(documentsQuery(slug, participant))
  const [leaving, setLeaving] = useState<ClientDocument | null>(null)
  const chooser = useRef<HTMLInputElement>(null)
  const id = useId()
  const refresh = () => {
    void queries.invalidateQueries({ queryKey: participantQuery(slug, participant).queryKey })
  }
  const uploading = useMutation({
    mutationFn: (file: File) => uploadDocument(slug, participant, file),
    onSettled: refresh,
    onSuccess: () => {
      if (chooser.current) chooser.current.value = ''
    },
  })
  const opening = useMutation({
    mutationFn: (document: string) => openDocument(slug, participant, document),
    // The browser saves what is there, and stays here.
    onSuccess: (url) => url && location.assign(url),
  })
  const removing = useMutation({
    mutationFn: (document: string) => deleteDocument(slug, participant, document),
    onSettled: () => {
      setLeaving(null)
      refresh()
    },
  })
  if (!documents.data || isRefused(documents)) return <Pending queries={[documents]} />
  const failure = uploading.error ?? opening.error ?? removing.error
  return (
    <Card title={words.documents}>
      {documents.data.length === 0 && <p>{words.noDocuments}</p>}
      <List>
        {documents.data.map((document) => (
          <Row
            key={document.ref_id}
            label={document.name}
            main={
              <>
                <strong>{document.name}</strong>
                <Quiet>
                  {words.kilobytes(numberOf(Math.ceil(document.byte_count / 1_000)))} ·{' '}
                  {document.state === 'stored' ? dayOf(document.created_at) : words.awaited}
                </Quiet>
              </>
            }
          >
            {document.state === 'stored' && (
              <Button
                look="quiet"
                disabled={opening.isPending}
                onClick={() => opening.mutate(document.ref_id)}
              >
                {words.open}
              </Button>
            )}
            {mayWrite && (
              <Button look="quiet" onClick={() => setLeaving(document)}>
                {words.remove}
              </Button>
            )}
          </Row>
        ))}
      </List>
      {failure && <Failure error={failure} />}
      {mayWrite && (
        <p>
          <label htmlFor={id}>{words.addDocument}</label>
          <br />
          <input
            id={id}
            ref={chooser}
            type="file"
            accept={accepted}
            disabled={uploading.isPending}
            onChange={({ target }) => target.files?.[0] && uploading.mutate(target.files[0])}
          />
        </p>
      )}
      <p role="status">{uploading.isPending ? words.working : ''}</p>
      <Confirm
        title={words.removeTitle(leaving?.name ?? '')}
        lead={words.removeLead}
        act={words.remove}
        isOpen={leaving !== null}
        isPending={removing.isPending}
        onAct={() => leaving && removing.mutate(leaving.ref_id)}
        onClose={() => setLeaving(null)}
      />
    </Card>
  )
}
