import { useMutation, useQuery } from '@tanstack/react-query'
import { Problem } from '../../../../../lib/client/index.ts'
import { deleteEndpoint, type Endpoint, inboxQuery } from '../../../api/webhooks.ts'
import { Button } from '../../../parts/button.tsx'
import { Buttons } from '../../../parts/card.tsx'
import { Curl } from '../../../parts/curl.tsx'
import { List } from '../../../parts/list.tsx'
import { Banner, Failure } from '../../../parts/notice.tsx'
import { momentOf, numberOf } from '../../../parts/when.tsx'
import { SendTest } from '../test-message.tsx'
import { Message } from './message.tsx'
import { words } from './words/words.ts'

interface Props {
  slug: string
  endpoint: Endpoint
  secret: string
  onEnded: () => void
}

const isOver = (error: unknown) =>
  error instanceof Problem && (error.code === 'not_found' || error.code === 'endpoint_disabled')

/** An inbox that listens: what arrives, and what can be sent to it. */
export function OpenInbox({ slug, endpoint: { ref_id: id, expires_at }, secret, onEnded }: Props) {
  const { data: messages = [], error, refetch } = useQuery(inboxQuery(slug, id))
  const ending = useMutation({
    mutationFn: () => deleteEndpoint(slug, id),
    onSuccess: onEnded,
    // It may have ended by itself meanwhile.
    onError: (thrown) => isOver(thrown) && onEnded(),
  })
  const path = `/webhooks/endpoints/${id}`
  return (
    <>
      {isOver(error) ? (
        <Banner>{words.ended}</Banner>
      ) : (
        <p>{expires_at && words.listens(momentOf(expires_at))}</p>
      )}
      {error && !isOver(error) && <Failure error={error} retry={() => void refetch()} />}
      {ending.error && !isOver(ending.error) && <Failure error={ending.error} />}
      <Buttons>
        <Button look="quiet" disabled={ending.isPending} onClick={() => ending.mutate()}>
          {words.end}
        </Button>
      </Buttons>
      <Curl title={words.pollAsCurl} method="POST" path={`${path}/poll`} tenant={slug} body={{}} />
      <Curl
        title={words.acknowledgeAsCurl}
        method="POST"
        path={`${path}/acknowledge`}
        tenant={slug}
        body={{ lease_id: '…', message_ids: ['msg_…'] }}
      />
      <Curl title={words.endAsCurl} method="DELETE" path={path} tenant={slug} />
      {!isOver(error) && <SendTest slug={slug} endpoint={id} />}
      <h2>{words.messages}</h2>
      <p role="status">{messages.length === 0 ? words.waiting : words.arrived(numberOf(messages.length))}</p>
      <List label={words.messages}>
        {messages.map((message) => (
          <Message key={message.id} message={message} secret={secret} />
        ))}
      </List>
    </>
  )
}
