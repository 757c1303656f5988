import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  botPlansQuery,
  createBotPlan,
  type NewBotPlan,
  offerBotPlan,
} from '../../../api/bot-subscriptions.ts'
import { Button } from '../../../parts/button.tsx'
import { Buttons, CardForm } from '../../../parts/card.tsx'
import { Select } from '../../../parts/choice.tsx'
import { Curl } from '../../../parts/curl.tsx'
import { errorsOf } from '../../../parts/errors.ts'
import { Field } from '../../../parts/field.tsx'
import { List, More, Quiet, Row } from '../../../parts/list.tsx'
import { moneyOf } from '../../../parts/money.ts'
import { Failure } from '../../../parts/notice.tsx'
import { isRefused, Pending } from '../../../parts/states.tsx'
import { words } from './words/words.ts'

interface Props {
  slug: string
  bot: string
  mayChange: boolean
}

/** The plans of a bot. Each is offered, or offered no more. */
export function Plans({ slug, bot, mayChange }: Props) {
  const queries = useQueryClient()
  const { queryKey } = botPlansQuery(slug, bot)
  const plans = useInfiniteQuery(botPlansQuery(slug, bot))
  const offering = useMutation({
    mutationFn: ({ plan, to }: { plan: string; to: boolean }) => offerBotPlan(slug, bot, plan, to),
    onSettled: () => queries.invalidateQueries({ queryKey }),
  })
  if (!plans.data || isRefused(plans)) return <Pending queries={[plans]} />
  const listed = plans.data.pages.flatMap((page) => page.plans)
  return (
    <>
      <h3>{words.plans}</h3>
      {listed.length === 0 && <p>{words.noPlans}</p>}
      {offering.error && <Failure error={offering.error} />}
      <List label={words.plans}>
        {listed.map(({ ref_id, plan_name, amount_minor, currency, plan_type, level, is_active }) => (
          <Row
            key={ref_id}
            label={plan_name}
            main={
              <>
                <span>{plan_name}</span>
                <Quiet>
                  {moneyOf(amount_minor, currency)} {words.type[plan_type]}, {words.levelOf(level)}
                </Quiet>
              </>
            }
          >
            <span>{is_active ? words.isOffered : words.isNotOffered}</span>
            {mayChange && (
              <Button
                look="quiet"
                aria-label={`${is_active ? words.stopOffering : words.offer}: ${plan_name}`}
                disabled={offering.isPending}
                onClick={() => offering.mutate({ plan: ref_id, to: !is_active })}
              >
                {is_active ? words.stopOffering : words.offer}
              </Button>
            )}
          </Row>
        ))}
      </List>
      <More pages={plans} />
      {mayChange && <NewPlan slug={slug} bot={bot} />}
    </>
  )
}

const empty = { name: '', shillings: '', level: '1', type: 'monthly' as NonNullable<NewBotPlan['plan_type']> }

function NewPlan({ slug, bot }: Omit<Props, 'mayChange'>) {
  const queries = useQueryClient()
  const [now, setNow] = useState(empty)
  const set = (change: Partial<typeof empty>) => setNow((before) => ({ ...before, ...change }))
  const body: NewBotPlan = {
    plan_name: now.name.trim(),
    amount_minor: Math.round(Number(now.shillings) * 100),
    level: Number(now.level),
    plan_type: now.type,
  }
  const making = useMutation({
    mutationFn: () => createBotPlan(slug, bot, body),
    onSuccess: async () => {
      setNow(empty)
      await queries.invalidateQueries({ queryKey: botPlansQuery(slug, bot).queryKey })
    },
  })
  const errors = errorsOf(making.error, ['/plan_name', '/amount_minor', '/level', '/plan_type'])
  return (
    <CardForm title={words.newPlan} isPending={making.isPending} onSubmit={() => making.mutate()}>
      <Field
        name="/plan_name"
        label={words.planName}
        required
        maxLength={60}
        value={now.name}
        onValue={(name) => set({ name })}
        error={errors.at('/plan_name')}
      />
      <Field
        name="/amount_minor"
        type="number"
        min={1}
        max={250_000}
        step={1}
        label={words.shillings}
        required
        value={now.shillings}
        onValue={(shillings) => set({ shillings })}
        error={errors.at('/amount_minor')}
      />
      <Field
        name="/level"
        type="number"
        min={1}
        max={100}
        step={1}
        label={words.level}
        hint={words.levelHint}
        required
        value={now.level}
        onValue={(level) => set({ level })}
        error={errors.at('/level')}
      />
      <Select
        label={words.paid}
        options={(['monthly', 'one'] as const).map((each) => [each, words.type[each]] as const)}
        value={now.type}
        onValue={(type) => set({ type })}
      />
      {errors.rest && <Failure error={errors.rest} />}
      <Buttons>
        <Button type="submit" isIdle={making.isPending}>
          {making.isPending ? words.working : words.makePlan}
        </Button>
      </Buttons>
      {body.plan_name !== '' && (
        <Curl method="POST" path={`/bots/bots/${bot}/plans`} tenant={slug} body={body} />
      )}
    </CardForm>
  )
}
