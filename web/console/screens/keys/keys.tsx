import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import {
  type ApiKey,
  type ApiKeyWithSecret,
  apiKeysQuery,
  revokeApiKey,
  rotateApiKey,
} from '../../api/api-keys.ts'
import { tenantQuery } from '../../api/tenants.ts'
import { useWords } from '../../app/words/words.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Banner, Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import styles from './keys.module.css'
import { NewKey } from './new-key.tsx'
import { Secret } from './secret.tsx'

const route = getRouteApi('/t/$slug/keys')

/** The API keys of a tenant: made, replaced and revoked by its managers. */
export function Keys() {
  const words = useWords()
  const { slug } = route.useParams()
  const tenant = useQuery(tenantQuery(slug))
  const mayManage = tenant.data?.permissions.includes('manage') ?? false
  const maySee = tenant.data?.permissions.includes('read_admin') ?? false
  const keys = useQuery({ ...apiKeysQuery(slug), enabled: maySee })
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

  if (!tenant.data || isRefused(tenant)) return <Pending queries={[tenant]} />
  if (!maySee) return <Banner>{words.keysNotSeen}</Banner>
  if (!keys.data || isRefused(keys)) return <Pending queries={[keys]} />
  const day = new Intl.DateTimeFormat(words.language, { dateStyle: 'medium' })
  return (
    <>
      <title>{`${words.keys} – ${tenant.data.name}`}</title>
      <h1>{words.keys}</h1>
      <p>{words.keysLead}</p>
      {mayManage && <NewKey slug={slug} onMade={show} />}
      {(rotating.error ?? revoking.error) && <Failure error={rotating.error ?? revoking.error} />}
      {keys.data.length === 0 && <p>{words.noKeys}</p>}
      <ul className={styles.list}>
        {keys.data.map((key) => (
          <li key={key.ref_id} aria-label={key.name}>
            <strong>{key.name}</strong>
            <code>tk_live_{key.prefix}…</code>
            <span>{key.scopes.join(', ')}</span>
            <span className={styles.quiet}>
              {key.last_used_at ? words.lastUsed(day.format(new Date(key.last_used_at))) : words.neverUsed}
              {key.expires_at && ` · ${words.expires(day.format(new Date(key.expires_at)))}`}
            </span>
            {key.revoked_at ? (
              <span>{words.revoked}</span>
            ) : (
              mayManage && (
                <span className={styles.buttons}>
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
                </span>
              )
            )}
          </li>
        ))}
      </ul>
      {made && <Secret made={made} onDone={() => setMade(null)} />}
      <Dialog
        title={words.revokeTitle(ending?.name ?? '')}
        lead={words.revokeLead}
        isOpen={ending !== null}
        onClose={() => setEnding(null)}
      >
        <span className={styles.buttons}>
          <Button disabled={revoking.isPending} onClick={() => ending && revoking.mutate(ending.ref_id)}>
            {words.revoke}
          </Button>
          <Button look="quiet" onClick={() => setEnding(null)}>
            {words.cancel}
          </Button>
        </span>
      </Dialog>
    </>
  )
}
