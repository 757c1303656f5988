import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { givePlan, moveTenant, type Status, type TenantState } from '../../api/operator.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { Select } from '../../parts/choice.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Curl } from '../../parts/curl.tsx'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { words } from './words/words.ts'

type Tenant = TenantState['tenant']

/** All that was loaded of it counts no more, wherever it stands. */
function useRefresh() {
  const queries = useQueryClient()
  return () => queries.invalidateQueries({ queryKey: ['operator'] })
}

export function ChangePlan({ tenant, plans }: { tenant: Tenant; plans: string[] }) {
  const refresh = useRefresh()
  const [plan, setPlan] = useState(tenant.plan)
  const [isAsking, setAsking] = useState(false)
  const changing = useMutation({
    mutationFn: () => givePlan(tenant.ref_id, plan),
    onSettled: () => setAsking(false),
    onSuccess: refresh,
  })
  // What it has now may be no plan that can be given, such as that of a trial.
  const offered = plans.includes(tenant.plan) ? plans : [tenant.plan, ...plans]
  return (
    <CardForm title={words.changePlan} isPending={changing.isPending} onSubmit={() => setAsking(true)}>
      <Select
        label={words.planOf}
        options={offered.map((each) => [each, each] as const)}
        value={plan}
        onValue={setPlan}
      />
      {changing.error && <Failure error={changing.error} />}
      <Button type="submit" disabled={plan === tenant.plan || changing.isPending}>
        {words.changePlan}
      </Button>
      <Curl method="PUT" path={`/registry/tenants/${tenant.ref_id}/plan`} body={{ plan }} />
      <Confirm
        title={words.changePlanTitle(tenant.name)}
        lead={words.changePlanLead}
        act={`${tenant.plan} → ${plan}`}
        isOpen={isAsking}
        isPending={changing.isPending}
        onAct={() => changing.mutate()}
        onClose={() => setAsking(false)}
      />
    </CardForm>
  )
}

const moves = [
  ['active', words.restore, words.restoreLead],
  ['frozen', words.freeze, words.freezeLead],
  ['archived', words.archive, words.archiveLead],
] as const

export function ChangeStatus({ tenant, moves: allowed }: { tenant: Tenant; moves: string[] }) {
  const refresh = useRefresh()
  const [asked, setAsked] = useState<Status | null>(null)
  const [reason, setReason] = useState('')
  const close = () => {
    setAsked(null)
    setReason('')
  }
  const moving = useMutation({
    mutationFn: (status: Status) => moveTenant(tenant.ref_id, status, reason),
    onSettled: close,
    onSuccess: refresh,
  })
  const [, act = '', lead = ''] = moves.find(([status]) => status === asked) ?? []
  return (
    <>
      {moving.error && <Failure error={moving.error} />}
      <Buttons>
        {moves
          .filter(([status]) => allowed.includes(status))
          .map(([status, name]) => (
            <Button key={status} look="quiet" onClick={() => setAsked(status)}>
              {name}
            </Button>
          ))}
      </Buttons>
      <Confirm
        title={words.moveTitle(tenant.name)}
        lead={lead}
        act={act}
        isOpen={asked !== null}
        isPending={moving.isPending}
        onAct={() => asked && moving.mutate(asked)}
        onClose={close}
      >
        <Field
          name="/reason"
          label={words.reason}
          hint={words.reasonHint}
          maxLength={500}
          value={reason}
          onValue={setReason}
        />
      </Confirm>
    </>
  )
}
