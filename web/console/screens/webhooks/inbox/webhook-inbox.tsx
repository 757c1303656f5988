import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  deleteEndpoint,
  type Endpoint,
  endpointsQuery,
  makeEndpoint,
  readSecret,
} from '../../../api/webhooks.ts'
import { Button } from '../../../parts/button.tsx'
import { Curl } from '../../../parts/curl.tsx'
import { List, Quiet, Row } from '../../../parts/list.tsx'
import { Failure } from '../../../parts/notice.tsx'
import { isRefused, Pending } from '../../../parts/states.tsx'
import { momentOf } from '../../../parts/when.tsx'
import { WebhooksScreen } from '../frame.tsx'
import { nameOf } from '../names.ts'
import { OpenInbox } from './open.tsx'
import { words } from './words/words.ts'

/** A receiver in the page, for whoever has none yet. It is a polled endpoint that ends by itself. */
export function WebhookInbox() {
  return (
    <WebhooksScreen>
      {({ slug, mayManage }) => <Inbox key={slug} slug={slug} mayManage={mayManage} />}
    </WebhooksScreen>
  )
}

const wanted = { kind: 'poll', description: words.itsName, ttl_seconds: 3_600 } as const

/** Whether it was made here, and the page can verify what comes to it. */
const isInbox = ({ kind, scheme, expires_at, disabled }: Endpoint) =>
  kind === 'poll' && scheme === 'hmac' && expires_at !== null && !disabled

function Inbox({ slug, mayManage }: { slug: string; mayManage: boolean }) {
  const queries = useQueryClient()
  const endpoints = useQuery(endpointsQuery(slug))
  // One for each inbox that somebody wants: an answer that was lost makes no second one.
  const [key, setKey] = useState(() => crypto.randomUUID())
  // The secret is nowhere else.
  const [open, setOpen] = useState<{ endpoint: Endpoint; secret: string }>()
  const refresh = () => queries.invalidateQueries({ queryKey: endpointsQuery(slug).queryKey })
  const making = useMutation({
    mutationFn: () => makeEndpoint(slug, wanted, key),
    gcTime: 0,
    onSuccess: (endpoint) => {
      setKey(crypto.randomUUID())
      setOpen({ endpoint, secret: endpoint.secret })
    },
    onSettled: refresh,
  })
  const opening = useMutation({
    mutationFn: async (endpoint: Endpoint) => ({
      endpoint,
      secret: (await readSecret(slug, endpoint.ref_id)).secret,
    }),
    gcTime: 0,
    onSuccess: setOpen,
  })
  const ending = useMutation({
    mutationFn: (endpoint: Endpoint) => deleteEndpoint(slug, endpoint.ref_id),
    onSettled: refresh,
  })
  if (open)
    return (
      <OpenInbox
        slug={slug}
        {...open}
        onEnded={() => {
          setOpen(undefined)
          making.reset()
          opening.reset()
          void refresh()
        }}
      />
    )
  if (!endpoints.data || isRefused(endpoints)) return <Pending queries={[endpoints]} />
  const failure = making.error ?? opening.error ?? ending.error
  const isPending = making.isPending || opening.isPending || ending.isPending
  return (
    <>
      <p>{words.lead}</p>
      {failure && <Failure error={failure} />}
      {mayManage && (
        <>
          <Button disabled={isPending} onClick={() => making.mutate()}>
            {isPending ? words.working : words.tryIt}
          </Button>
          <Curl method="POST" path="/webhooks/endpoints" tenant={slug} body={wanted} />
        </>
      )}
      <List label={words.inboxes}>
        {endpoints.data.filter(isInbox).map((endpoint) => (
          <Row
            key={endpoint.ref_id}
            label={endpoint.ref_id}
            main={
              <>
                <strong>{nameOf(endpoint)}</strong>
                <Quiet>{endpoint.expires_at && words.listens(momentOf(endpoint.expires_at))}</Quiet>
              </>
            }
          >
            {mayManage && (
              <>
                <Button look="quiet" disabled={isPending} onClick={() => opening.mutate(endpoint)}>
                  {words.open}
                </Button>
                <Button look="quiet" disabled={isPending} onClick={() => ending.mutate(endpoint)}>
                  {words.end}
                </Button>
              </>
            )}
          </Row>
        ))}
      </List>
    </>
  )
}
