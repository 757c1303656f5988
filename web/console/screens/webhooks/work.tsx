import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import {
  changeEndpoint,
  deleteEndpoint,
  type Endpoint,
  endpointQuery,
  readSecret,
  rotateSecret,
} from '../../api/webhooks.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons } from '../../parts/card.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Curl } from '../../parts/curl.tsx'
import { Failure } from '../../parts/notice.tsx'
import { usePortal } from '../../parts/portal.ts'
import { draftOf, toChange } from './draft.ts'
import { EndpointForm } from './endpoint-form.tsx'
import { nameOf } from './names.ts'
import { Replay } from './replay.tsx'
import { SigningSecret } from './signing-secret.tsx'
import { SendTest } from './test-message.tsx'
import { words } from './words/words.ts'

interface Props {
  slug: string
  endpoint: Endpoint
  mayManage: boolean
}

/** What can be done with an endpoint. */
export default function Work({ slug, endpoint, mayManage }: Props) {
  return (
    <>
      <Acts slug={slug} endpoint={endpoint} mayManage={mayManage} />
      {mayManage && (
        <>
          {!endpoint.disabled && <SendTest slug={slug} endpoint={endpoint.ref_id} />}
          {!endpoint.disabled && <Replay slug={slug} endpoint={endpoint.ref_id} />}
          {/* Somebody else's change is a new form. */}
          <Edit key={endpoint.updated_at} slug={slug} endpoint={endpoint} />
        </>
      )}
    </>
  )
}

/** What is done by a button. For people, disabling is possible in a frozen tenant too. */
function Acts({ slug, endpoint, mayManage }: Props) {
  const { ref_id: id } = endpoint
  const queries = useQueryClient()
  const navigate = useNavigate()
  const portal = usePortal()
  const [asked, setAsked] = useState<'delete' | 'rotate' | null>(null)
  const refresh = () => queries.invalidateQueries({ queryKey: [slug, 'webhooks'] })
  const switching = useMutation({
    mutationFn: (disabled: boolean) => changeEndpoint(slug, id, { disabled }),
    onSettled: refresh,
  })
  const reading = useMutation({ mutationFn: () => readSecret(slug, id), gcTime: 0 })
  const rotating = useMutation({
    mutationFn: () => rotateSecret(slug, id),
    gcTime: 0,
    onSettled: () => setAsked(null),
    onSuccess: refresh,
  })
  const deleting = useMutation({
    mutationFn: () => deleteEndpoint(slug, id),
    onSettled: () => setAsked(null),
    onSuccess: async () => {
      queries.removeQueries({ queryKey: endpointQuery(slug, id).queryKey })
      await navigate({ to: '/t/$slug/webhooks', params: { slug } })
      await refresh()
    },
  })
  const failure = switching.error ?? reading.error ?? rotating.error ?? deleting.error
  const shown = rotating.data ?? reading.data
  return (
    <>
      {failure && <Failure error={failure} />}
      <Buttons>
        {(mayManage || (!portal && !endpoint.disabled)) && (
          <Button
            look="quiet"
            disabled={switching.isPending}
            onClick={() => switching.mutate(!endpoint.disabled)}
          >
            {endpoint.disabled ? words.enable : words.disable}
          </Button>
        )}
        {mayManage && (
          <>
            <Button look="quiet" disabled={reading.isPending} onClick={() => reading.mutate()}>
              {words.showSecret}
            </Button>
            <Button look="quiet" onClick={() => setAsked('rotate')}>
              {words.rotateSecret}
            </Button>
            <Button look="quiet" onClick={() => setAsked('delete')}>
              {words.delete}
            </Button>
          </>
        )}
      </Buttons>
      {shown && (
        <SigningSecret
          of={shown}
          onDone={() => {
            reading.reset()
            rotating.reset()
          }}
        />
      )}
      <Confirm
        title={words.rotateTitle}
        lead={words.rotateLead}
        act={words.rotateSecret}
        isOpen={asked === 'rotate'}
        isPending={rotating.isPending}
        onAct={rotating.mutate}
        onClose={() => setAsked(null)}
      />
      <Confirm
        title={words.deleteTitle(nameOf(endpoint))}
        lead={words.deleteLead}
        act={words.delete}
        isOpen={asked === 'delete'}
        isPending={deleting.isPending}
        onAct={deleting.mutate}
        onClose={() => setAsked(null)}
      />
    </>
  )
}

function Edit({ slug, endpoint }: { slug: string; endpoint: Endpoint }) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState(draftOf(endpoint))
  const change = toChange(draft, endpoint)
  const saving = useMutation({
    mutationFn: () => changeEndpoint(slug, endpoint.ref_id, change),
    onSuccess: () => queries.invalidateQueries({ queryKey: [slug, 'webhooks'] }),
  })
  return (
    <EndpointForm
      slug={slug}
      title={words.changeIt}
      act={words.save}
      draft={draft}
      onDraft={(next) => {
        // What was refused was another draft.
        saving.reset()
        setDraft(next)
      }}
      endpoint={endpoint}
      error={saving.error}
      isPending={saving.isPending}
      isChanged={Object.keys(change).length > 0}
      onSubmit={saving.mutate}
    >
      <Curl method="PATCH" path={`/webhooks/endpoints/${endpoint.ref_id}`} tenant={slug} body={change} />
    </EndpointForm>
  )
}
