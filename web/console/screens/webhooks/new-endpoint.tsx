import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type EndpointWithSecret, makeEndpoint } from '../../api/webhooks.ts'
import { Curl } from '../../parts/curl.tsx'
import { draftOf, toNew } from './draft.ts'
import { EndpointForm } from './endpoint-form.tsx'
import { SigningSecret } from './signing-secret.tsx'
import { words } from './words/words.ts'

/** A new endpoint, and the secret that it is given. */
export default function NewEndpoint({ slug }: { slug: string }) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState(draftOf())
  // One for each endpoint that somebody wants, kept over their tries: an answer that was lost makes no second one.
  const [key, setKey] = useState(() => crypto.randomUUID())
  const [made, setMade] = useState<EndpointWithSecret | null>(null)
  const making = useMutation({
    mutationFn: () => makeEndpoint(slug, toNew(draft), key),
    onSuccess: (endpoint) => {
      setMade(endpoint)
      setDraft(draftOf())
      setKey(crypto.randomUUID())
      void queries.invalidateQueries({ queryKey: [slug, 'webhooks'] })
    },
  })
  return (
    <>
      <EndpointForm
        slug={slug}
        title={words.newEndpoint}
        act={words.makeEndpoint}
        draft={draft}
        onDraft={(next) => {
          // What was refused was another draft.
          making.reset()
          setKey(crypto.randomUUID())
          setDraft(next)
        }}
        error={making.error}
        isPending={making.isPending}
        onSubmit={making.mutate}
      >
        <Curl method="POST" path="/webhooks/endpoints" tenant={slug} body={toNew(draft)} />
      </EndpointForm>
      {made && <SigningSecret of={made} onDone={() => setMade(null)} />}
    </>
  )
}
