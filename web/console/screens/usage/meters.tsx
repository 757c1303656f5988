import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Problem } from '../../../../lib/client/index.ts'
import { type Meter, meterMonthQuery, metersQuery } from '../../api/meters.ts'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { UsageScreen } from './frame.tsx'
import { measuredBy, thisMonth } from './meter-figures.ts'
import { NewMeter } from './new-meter.tsx'
import { words } from './words/words.ts'

/** What the tenant wants to know of the events that it logs. */
export function Meters() {
  return (
    <UsageScreen notManaged={words.metersByManagers}>
      {({ slug, tenant, mayManage }) => (
        <div key={slug}>
          <p>{words.metersLead}</p>
          <Listed slug={slug} timeZone={tenant.time_zone} />
          {mayManage && <NewMeter slug={slug} />}
        </div>
      )}
    </UsageScreen>
  )
}

function Listed({ slug, timeZone }: { slug: string; timeZone: string }) {
  const meters = useInfiniteQuery(metersQuery(slug))
  if (!meters.data || isRefused(meters)) return <Pending queries={[meters]} />
  const listed = meters.data.pages.flatMap((page) => page.meters)
  return (
    <>
      {listed.length === 0 && <p>{words.noMeters}</p>}
      <List label={words.meters}>
        {listed.map((meter) => (
          <Row
            key={meter.ref_id}
            label={meter.name}
            main={
              <>
                <Link to="/t/$slug/usage/meters/$meter" params={{ slug, meter: meter.slug }}>
                  {meter.name}
                </Link>
                <Quiet>{measuredBy(meter)}</Quiet>
                {meter.archived_at && <span>{words.isArchived}</span>}
              </>
            }
          >
            <Month slug={slug} meter={meter} timeZone={timeZone} />
          </Row>
        ))}
      </List>
      <More pages={meters} />
    </>
  )
}

/** The figure of the month that is under way. */
function Month({ slug, meter, timeZone }: { slug: string; meter: Meter; timeZone: string }) {
  const { data, error } = useQuery(meterMonthQuery(slug, meter.ref_id, timeZone))
  if (error instanceof Problem && error.code === 'too_many_events') return <Quiet>{words.tooMany}</Quiet>
  if (data === undefined) return error ? <Quiet>{words.noFigure}</Quiet> : <Quiet>…</Quiet>
  return <span>{words.thisMonth(thisMonth(meter, data, timeZone))}</span>
}
