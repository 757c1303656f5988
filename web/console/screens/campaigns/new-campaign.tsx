import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { brandQuery } from '../../api/brand.ts'
import { createCampaign } from '../../api/campaigns.ts'
import { ulid } from '../../api/ulid.ts'
import { Button } from '../../parts/button.tsx'
import { CardForm } from '../../parts/card.tsx'
import { Curl } from '../../parts/curl.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { FrameworkSelect } from './framework-select.tsx'
import { words } from './words/words.ts'

/** A draft, whose screen has the rest. */
export function NewCampaign({ slug, mayEnable }: { slug: string; mayEnable: boolean }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { data: read } = useQuery(brandQuery(slug))
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<{ framework: string; mode: string } | null>(null)
  // One for each campaign that somebody makes, kept over their tries.
  const [ref_id] = useState(ulid)
  const { framework, mode } = chosen ?? {
    framework: read?.brand.enabled_assessments[0] ?? 'industry4',
    mode: '',
  }
  const body = { name, assessment_type: framework, mode: mode || null, status: 'draft' as const }
  const making = useMutation({
    mutationFn: () => createCampaign(slug, { ...body, ref_id }),
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: [slug, 'campaigns'] })
      await navigate({ to: '/t/$slug/campaigns/$campaign', params: { slug, campaign: made.ref_id } })
    },
  })
  const errors = errorsOf(making.error, ['/name'])

  return (
    <CardForm title={words.newCampaign} isPending={making.isPending} onSubmit={making.mutate}>
      <Field
        name="/name"
        label={words.campaignName}
        required
        maxLength={255}
        value={name}
        onValue={setName}
        error={errors.at('/name')}
      />
      <FrameworkSelect
        slug={slug}
        framework={framework}
        mode={mode}
        mayEnable={mayEnable}
        onValue={(next, nextMode) => setChosen({ framework: next, mode: nextMode })}
      />
      {errors.rest && <Failure error={errors.rest} />}
      <Button type="submit" disabled={making.isPending}>
        {making.isPending ? words.working : words.makeDraft}
      </Button>
      {name && <Curl method="POST" path="/assessments/campaigns" tenant={slug} body={body} />}
    </CardForm>
  )
}
