import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { liftSuppression, type Suppression, suppressionsQuery } from '../../api/messages.ts'
import { Button } from '../../parts/button.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { dayOf } from '../../parts/when.tsx'
import { Part } from './tabs.tsx'
import { words } from './words/words.ts'

/** The addresses to which nothing more is sent. */
export function Suppressions() {
  return (
    <Part needs="read_admin">
      {({ slug, mayManage }) => <Listed key={slug} slug={slug} mayManage={mayManage} />}
    </Part>
  )
}

function Listed({ slug, mayManage }: { slug: string; mayManage: boolean }) {
  const queries = useQueryClient()
  const suppressions = useInfiniteQuery(suppressionsQuery(slug))
  const [lifting, setLifting] = useState<Suppression | null>(null)
  const removing = useMutation({
    mutationFn: (ref: string) => liftSuppression(slug, ref),
    onSettled: async () => {
      setLifting(null)
      await queries.invalidateQueries({ queryKey: suppressionsQuery(slug).queryKey })
    },
  })
  if (!suppressions.data || isRefused(suppressions)) return <Pending queries={[suppressions]} />
  const listed = suppressions.data.pages.flatMap((page) => page.suppressions)
  return (
    <>
      {removing.error && <Failure error={removing.error} />}
      {listed.length === 0 && <p>{words.noSuppressions}</p>}
      <List label={words.suppressions}>
        {listed.map((each) => (
          <Row
            key={each.ref_id}
            label={each.address}
            main={
              <>
                <strong>{each.address}</strong>
                <Quiet>
                  {words.channel[each.channel]} · {words.reason[each.reason]} · {dayOf(each.created_at)}
                  {each.expires_at && ` · ${words.until(dayOf(each.expires_at))}`}
                </Quiet>
              </>
            }
          >
            {mayManage && (
              <Button look="quiet" onClick={() => setLifting(each)}>
                {words.lift}
              </Button>
            )}
          </Row>
        ))}
      </List>
      <More pages={suppressions} />
      <Confirm
        title={words.liftTitle(lifting?.address ?? '')}
        lead={words.liftLead}
        act={words.lift}
        isOpen={lifting !== null}
        isPending={removing.isPending}
        onAct={() => lifting && removing.mutate(lifting.ref_id)}
        onClose={() => setLifting(null)}
      />
    </>
  )
}
