import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { eventTypesQuery, sendTest } from '../../api/webhooks.ts'
import { Button } from '../../parts/button.tsx'
import { CardForm } from '../../parts/card.tsx'
import { Select } from '../../parts/choice.tsx'
import { Curl } from '../../parts/curl.tsx'
import { Failure } from '../../parts/notice.tsx'
import { words } from './words/words.ts'

/** The example of a type, sent like any message. */
export function SendTest({ slug, endpoint }: { slug: string; endpoint: string }) {
  const queries = useQueryClient()
  const { data: types = [] } = useQuery(eventTypesQuery(slug))
  const [type, setType] = useState('webhook.test')
  const sending = useMutation({
    mutationFn: () => sendTest(slug, endpoint, type),
    onSuccess: () => queries.invalidateQueries({ queryKey: [slug, 'webhooks'] }),
  })
  return (
    <CardForm title={words.test} isPending={sending.isPending} onSubmit={sending.mutate}>
      <Select
        label={words.eventType}
        options={types.map((each) => [each.type, each.type] as const)}
        value={type}
        onValue={setType}
      />
      {sending.error && <Failure error={sending.error} />}
      <p role="status">
        {sending.data && (
          <>
            {words.testSent}{' '}
            <Link
              to="/t/$slug/webhooks/deliveries/$message/$endpoint"
              params={{ slug, message: sending.data, endpoint }}
            >
              {words.whatBecame}
            </Link>
          </>
        )}
      </p>
      <Curl
        method="POST"
        path={`/webhooks/endpoints/${endpoint}/test`}
        tenant={slug}
        body={{ event_type: type }}
      />
      <Button type="submit" disabled={sending.isPending}>
        {sending.isPending ? words.working : words.sendTest}
      </Button>
    </CardForm>
  )
}
