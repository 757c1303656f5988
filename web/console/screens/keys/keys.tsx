import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  type ApiKey,
  type ApiKeyWithSecret,
  apiKeysQuery,
  revokeApiKey,
  rotateApiKey,
} from '../../api/api-keys.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons } from '../../parts/card.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { Failure } from '../../parts/notice.tsx'
import { Screen } from '../../parts/screen.tsx'
import { Secret } from '../../parts/secret.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { dayOf } from '../../parts/when.tsx'
import { NewKey } from './new-key.tsx'
import { words } from './words/words.ts'

/** The API keys of a tenant: made, replaced and revoked by its managers. */
export function Keys() {
  return (
    <Screen title={words.rooms.keys} lead={words.keysLead} needs="read_admin" notSeen={words.keysNotSeen}>
      {({ slug, mayManage }) => <KeysOf key={slug} slug={slug} mayManage={mayManage} />}
    </Screen>
  )
}

function KeysOf({ slug, mayManage }: { slug: string; mayManage: boolean }) {
  const keys = useQuery(apiKeysQuery(slug))
  const queries = useQueryClient()
  const [made, setMade] = useState<ApiKeyWithSecret | null>(null)
  const [ending, setEnding] = useState<ApiKey | null>(null)
  const refresh = () => queries.invalidateQueries({ queryKey: apiKeysQuery(slug).queryKey })
  const show = (key: ApiKeyWithSecret) => {
    setMade(key)
    void refresh()
  }
  const rotating = useMutation({ mutationFn: (key: string) => rotateApiKey(slug, key), onSuccess: show })
  const revoking = useMutation({
    mutationFn: (key: string) => revokeApiKey(slug, key),
    onSettled: () => setEnding(null),
    onSuccess: refresh,
  })

  if (!keys.data || isRefused(keys)) return <Pending queries={[keys]} />
  return (
    <>
      {mayManage && <NewKey slug={slug} onMade={show} />}
      {(rotating.error ?? revoking.error) && <Failure error={rotating.error ?? revoking.error} />}
      {keys.data.length === 0 && <p>{words.noKeys}</p>}
      <List>
        {keys.data.map((key) => (
          <Row
            key={key.ref_id}
            label={key.name}
            main={
              <>
                <strong>{key.name}</strong>
                <code>tk_live_{key.prefix}…</code>
                <span>{key.scopes.join(', ')}</span>
                <Quiet>
                  {key.last_used_at ? words.lastUsed(dayOf(key.last_used_at)) : words.neverUsed}
                  {key.expires_at && ` · ${words.expires(dayOf(key.expires_at))}`}
                </Quiet>
              </>
            }
          >
            {key.revoked_at ? (
              <span>{words.revoked}</span>
            ) : (
              mayManage && (
                <Buttons>
                  {!key.replaced_at && (
                    <Button
                      look="quiet"
                      disabled={rotating.isPending}
                      onClick={() => rotating.mutate(key.ref_id)}
                    >
                      {words.rotate}
                    </Button>
                  )}
                  <Button look="quiet" onClick={() => setEnding(key)}>
                    {words.revoke}
                  </Button>
                </Buttons>
              )
            )}
          </Row>
        ))}
      </List>
      {made && (
        <Secret
          title={words.secretTitle}
          lead={words.secretLead}
          label={made.name}
          secret={made.key}
          onDone={() => setMade(null)}
        />
      )}
      <Confirm
        title={words.revokeTitle(ending?.name ?? '')}
        lead={words.revokeLead}
        act={words.revoke}
        isOpen={ending !== null}
        isPending={revoking.isPending}
        onAct={() => ending && revoking.mutate(ending.ref_id)}
        onClose={() => setEnding(null)}
      />
    </>
  )
}
