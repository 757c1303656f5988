import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { cancelTenant, lifecycleQuery } from '../../api/lifecycle.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, Card } from '../../parts/card.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import type { Tenant } from '../../parts/screen.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { dayOf, momentOf } from '../../parts/when.tsx'
import { words } from './words/words.ts'

/** Where a tenant stands, what the clock will do, and how its owner ends it. */
export function Life({ slug, tenant }: { slug: string; tenant: Tenant }) {
  const life = useQuery(lifecycleQuery(slug))
  const queries = useQueryClient()
  const [isAsked, setAsked] = useState(false)
  const [reason, setReason] = useState('')
  const [typed, setTyped] = useState('')
  const cancelling = useMutation({
    mutationFn: () => cancelTenant(slug, reason.trim()),
    onSuccess: async () => {
      setAsked(false)
      // What one may do has changed everywhere in the tenant.
      await queries.invalidateQueries({ queryKey: [slug] })
    },
  })

  if (!life.data || isRefused(life)) return <Pending queries={[life]} />
  const {
    status,
    since,
    reason: why,
    freezes_at,
    archives_at,
    purgeable_at,
    trial_ends_at,
    moves,
  } = life.data
  return (
    <Card title={words.life}>
      <p>
        {words.status[status] ?? status} · {words.since(dayOf(since))}
      </p>
      {why && <p>{words.why(why)}</p>}
      {status === 'trial' && trial_ends_at && <p>{words.trialEndsAt(momentOf(trial_ends_at))}</p>}
      {freezes_at && <p>{words.freezesAt(momentOf(freezes_at))}</p>}
      {archives_at && <p>{words.archivesAt(momentOf(archives_at))}</p>}
      {status === 'frozen' && purgeable_at && <p>{words.purgeableAt(momentOf(purgeable_at))}</p>}
      {status === 'frozen' && <p>{words.takeBack}</p>}
      {moves.includes('frozen') && (
        <>
          <Buttons>
            <Button look="quiet" onClick={() => setAsked(true)}>
              {words.cancelTenant}
            </Button>
          </Buttons>
          <Confirm
            title={words.cancelTitle(tenant.name)}
            lead={words.cancelLead}
            act={words.cancelTenant}
            isOpen={isAsked}
            isPending={cancelling.isPending || typed.trim() !== slug}
            onAct={() => cancelling.mutate()}
            onClose={() => setAsked(false)}
          >
            <Field
              name="/reason"
              label={words.cancelReason}
              maxLength={500}
              lines={3}
              value={reason}
              onValue={setReason}
            />
            <Field
              name="slug"
              label={words.cancelTyped(slug)}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              value={typed}
              onValue={setTyped}
            />
            {cancelling.error && <Failure error={cancelling.error} />}
          </Confirm>
        </>
      )}
      {!moves.includes('frozen') && tenant.role !== 'owner' && <p>{words.cancelByOwner}</p>}
    </Card>
  )
}
