import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Factor, factorsQuery, removeFactor } from '../../api/second-factor.ts'
import { Button } from '../../parts/button.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { NewFactorForm, sentenceOf } from './second-factor.tsx'
import { words } from './words/words.ts'

/** What belongs to the person and to no tenant: so far the apps that show codes. */
export function Account() {
  const factors = useQuery(factorsQuery)
  const queries = useQueryClient()
  const [ending, setEnding] = useState<Factor | null>(null)
  const removing = useMutation({
    mutationFn: (factor: string) => removeFactor(factor),
    onSettled: () => {
      setEnding(null)
      return queries.invalidateQueries({ queryKey: factorsQuery.queryKey })
    },
  })
  if (!factors.data || isRefused(factors)) return <Pending queries={[factors]} />
  const verified = factors.data.filter(({ isVerified }) => isVerified)
  return (
    <>
      <title>{`${words.account} – Tenantry`}</title>
      <h1>{words.account}</h1>
      <h2>{words.secondFactor}</h2>
      <p>{words.secondFactorLead}</p>
      <p role="alert">{removing.error ? sentenceOf(removing.error) : ''}</p>
      {verified.length === 0 && <p>{words.noFactors}</p>}
      <List label={words.secondFactor}>
        {verified.map((factor) => (
          <Row
            key={factor.id}
            label={factor.name}
            main={
              <>
                <strong>{factor.name}</strong>
                <Quiet>{words.factorKind}</Quiet>
              </>
            }
          >
            <Button look="quiet" onClick={() => setEnding(factor)}>
              {words.removeFactor}
            </Button>
          </Row>
        ))}
      </List>
      <NewFactorForm lead={words.newFactorWhat} onDone={() => {}} />
      <Confirm
        title={words.removeFactorTitle(ending?.name ?? '')}
        lead={words.removeFactorLead}
        act={words.removeFactor}
        isOpen={ending !== null}
        isPending={removing.isPending}
        onAct={() => ending && removing.mutate(ending.id)}
        onClose={() => setEnding(null)}
      />
    </>
  )
}
