import { UsageScreen } from './frame.tsx'
import { Plan } from './plan.tsx'
import { Spending } from './spending.tsx'
import { Subscriptions } from './subscriptions.tsx'
import { Totals } from './totals.tsx'

/** The plan, how much of it is used, what was used when, and what it costs. */
export function Usage() {
  return (
    <UsageScreen>
      {({ slug, tenant }) => {
        // Also in a frozen tenant: paying is how that ends.
        const mayPay = tenant.permissions.includes('read_admin')
        return (
          <div key={slug}>
            <Plan slug={slug} />
            {mayPay && <Subscriptions slug={slug} tenant={tenant} />}
            <Totals slug={slug} timeZone={tenant.time_zone} />
            {mayPay && <Spending slug={slug} mayOwn={tenant.permissions.includes('own')} />}
          </div>
        )
      }}
    </UsageScreen>
  )
}
