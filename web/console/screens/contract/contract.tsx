import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { acceptContract, type Contract, contractPdfQuery, contractQuery } from '../../api/contract.ts'
import { Button } from '../../parts/button.tsx'
import { CardForm } from '../../parts/card.tsx'
import { Check } from '../../parts/choice.tsx'
import { Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { dayOf } from '../../parts/when.tsx'
import { words } from './words/words.ts'

/**
 * The contract between a tenant and the platform, which its owner or an admin accepts. Until then the tenant refuses to be
 * read, so this is not a `Screen`.
 */
export function ContractScreen() {
  const { slug } = useParams({ from: '/t/$slug/contract' })
  return (
    <>
      <title>{`${words.title} – Tenantry`}</title>
      <h1>{words.title}</h1>
      <p>{words.lead}</p>
      <ContractOf key={slug} slug={slug} />
    </>
  )
}

function ContractOf({ slug }: { slug: string }) {
  const contract = useQuery(contractQuery(slug))
  const pdf = useQuery({ ...contractPdfQuery(slug), enabled: Boolean(contract.data?.pdf_sha256) })
  if (!contract.data || isRefused(contract)) return <Pending queries={[contract]} />
  const { pdf_sha256, accepted_at } = contract.data
  if (!pdf_sha256) return <p role="status">{words.making}</p>
  return (
    <>
      {pdf.data ? (
        <p>
          <a href={pdf.data} target="_blank" rel="noopener noreferrer">
            {words.read}
          </a>
        </p>
      ) : (
        <Pending queries={[pdf]} />
      )}
      {accepted_at ? (
        <p role="status">{words.accepted(dayOf(accepted_at))}</p>
      ) : (
        <Acceptance slug={slug} sha256={pdf_sha256} />
      )}
    </>
  )
}

function Acceptance({ slug, sha256 }: { slug: string; sha256: string }) {
  const [hasAgreed, setAgreed] = useState(false)
  const queries = useQueryClient()
  const accepting = useMutation({
    mutationFn: () => acceptContract(slug, sha256),
    onSuccess: async (accepted: Contract) => {
      queries.setQueryData(contractQuery(slug).queryKey, accepted)
      // The tenant is open now, so everything else of it may be another.
      await queries.invalidateQueries({ queryKey: [slug] })
    },
  })
  return (
    <CardForm isPending={accepting.isPending} onSubmit={accepting.mutate}>
      <Check label={words.agree} isChecked={hasAgreed} onChecked={setAgreed} />
      {accepting.error && <Failure error={accepting.error} />}
      <Button type="submit" disabled={!hasAgreed || accepting.isPending}>
        {accepting.isPending ? words.working : words.accept}
      </Button>
    </CardForm>
  )
}
