import { useQuery } from '@tanstack/react-query'
import { entitlementsQuery } from '../../api/projects.ts'
import { Card } from '../../parts/card.tsx'
import { Banner } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { dayOf, numberOf } from '../../parts/when.tsx'
import styles from './usage.module.css'
import { words } from './words/words.ts'

/** What the plan allows, and how much of it is used. */
export function Plan({ slug }: { slug: string }) {
  const entitlements = useQuery(entitlementsQuery(slug))
  if (!entitlements.data || isRefused(entitlements)) return <Pending queries={[entitlements]} />
  const { plan, limits, features, over_plan } = entitlements.data
  const has = features.filter(({ reason }) => reason !== 'feature_not_in_plan')
  const lacks = features.filter(({ reason }) => reason === 'feature_not_in_plan')
  const nameOf = (gate: string) => words.gates[gate] ?? gate
  return (
    <Card title={words.planIs(words.plans[plan] ?? plan)}>
      {over_plan.map(({ gate, in_use, most, switches_off_at, switched_off_at }) => (
        <Banner key={gate}>
          {switched_off_at
            ? words.switchedOff(nameOf(gate), numberOf(in_use), numberOf(most))
            : words.overPlan(nameOf(gate), numberOf(in_use), numberOf(most), dayOf(switches_off_at))}
        </Banner>
      ))}
      <ul className={styles.limits} aria-label={words.limits}>
        {limits.map(({ limit, used, most, resets_at }) => (
          <li key={limit}>
            <span>{nameOf(limit)}</span>
            <span>
              {most === null ? words.usedOfAny(numberOf(used)) : words.usedOf(numberOf(used), numberOf(most))}
              {most !== null && used >= most && ` · ${words.full}`}
              {most !== null && used < most && used >= most * 0.8 && ` · ${words.nearlyFull}`}
            </span>
            {most !== null && (
              <meter
                className={styles.meter}
                aria-label={nameOf(limit)}
                min={0}
                max={Math.max(most, 1)}
                high={Math.max(most, 1) * 0.8}
                optimum={0}
                value={most === 0 ? 0 : Math.min(used, most)}
              />
            )}
            {resets_at && <small>{words.resets(dayOf(resets_at))}</small>}
          </li>
        ))}
      </ul>
      <p>
        <strong>{words.has}</strong> {has.map(({ feature }) => nameOf(feature)).join(', ') || '–'}
      </p>
      {lacks.length > 0 && (
        <p>
          <strong>{words.lacks}</strong>{' '}
          {lacks
            .map(({ feature, plan_that_has_it: from }) =>
              from ? words.from(nameOf(feature), words.plans[from] ?? from) : nameOf(feature),
            )
            .join(', ')}
        </p>
      )}
    </Card>
  )
}
