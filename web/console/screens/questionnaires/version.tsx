import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import type { Operation } from '../../api/framework-parts.ts'
import { restoreVersion, versionQuery, wayBackQuery } from '../../api/frameworks.ts'
import { Button } from '../../parts/button.tsx'
import { Card } from '../../parts/card.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Diff } from '../../parts/diff.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Failure } from '../../parts/notice.tsx'
import { isRefused, NotFound, Pending } from '../../parts/states.tsx'
import { Moment, numberOf } from '../../parts/when.tsx'
import { changesOf } from './flat.ts'
import { FrameworkScreen, type Here } from './frame.tsx'
import { labelOf } from './labels.ts'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/questionnaires/$framework/versions/$version')

/** One version: what it changed, and what bringing it back would change. */
export function Version() {
  const { version } = route.useParams()
  if (!/^\d{1,9}$/.test(version)) return <NotFound />
  return (
    <FrameworkScreen>{(here) => <One key={version} {...here} version={Number(version)} />}</FrameworkScreen>
  )
}

function One({ slug, framework, mayManage, read, version }: Here & { version: number }) {
  const found = useQuery(versionQuery(slug, framework, version))
  const way = useQuery(wayBackQuery(slug, framework, read.version, version))
  // What stood there before is in the version before, if that is kept.
  const { data: earlier } = useQuery({
    ...versionQuery(slug, framework, version - 1),
    enabled: version > 1,
  })
  if (found.data === undefined || !way.data || isRefused(found, way))
    return <Pending queries={[found, way]} />
  const told = (operations: readonly Operation[], before: unknown) =>
    changesOf(operations, before).map((change) => ({
      ...change,
      field: labelOf(change.field, read.published),
    }))
  const name = version === 0 ? words.backToSupplied : words.versionNumber(numberOf(version))
  return (
    <>
      <h2>{name}</h2>
      {found.data && (
        <>
          <Facts
            of={[
              [words.publishedOn, <Moment key="at" at={found.data.snapshot_at} />],
              [words.field.reason, found.data.reason],
            ]}
          />
          <Card title={words.whatChanged}>
            {found.data.restored_version !== null && (
              <p>{words.restoredFrom(numberOf(found.data.restored_version))}</p>
            )}
            <Diff label={words.whatChanged} changes={told(found.data.diff, earlier?.config)} />
          </Card>
        </>
      )}
      <Card title={words.wayBack}>
        {way.data.length === 0 ? (
          <p>{words.sameAsNow}</p>
        ) : (
          <Diff label={words.wayBack} changes={told(way.data, read.columns)} />
        )}
        {mayManage && way.data.length > 0 && <Restore {...{ slug, framework, read, version }} name={name} />}
      </Card>
    </>
  )
}

interface RestoreProps extends Pick<Here, 'slug' | 'framework' | 'read'> {
  version: number
  name: string
}

function Restore({ slug, framework, read, version, name }: RestoreProps) {
  const queries = useQueryClient()
  const navigate = route.useNavigate()
  const [isAsked, setAsked] = useState(false)
  const restoring = useMutation({
    mutationFn: () => restoreVersion(slug, framework, read.version, { version }),
    onSuccess: () =>
      navigate({
        to: '/t/$slug/questionnaires/$framework/versions',
        params: { slug, framework },
      }),
    onSettled: () => {
      setAsked(false)
      return queries.invalidateQueries({ queryKey: [slug, 'frameworks'] })
    },
  })
  return (
    <>
      {restoring.error && <Failure error={restoring.error} />}
      <Button onClick={() => setAsked(true)}>{words.restore}</Button>
      <Confirm
        title={words.restoreTitle(name)}
        lead={words.restoreLead}
        act={words.restore}
        isOpen={isAsked}
        isPending={restoring.isPending}
        onAct={restoring.mutate}
        onClose={() => setAsked(false)}
      />
    </>
  )
}
