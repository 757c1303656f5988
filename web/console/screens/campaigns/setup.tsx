import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import { type Campaign, type CampaignChange, campaignQuery, changeCampaign } from '../../api/campaigns.ts'
import { Button } from '../../parts/button.tsx'
import { CardForm } from '../../parts/card.tsx'
import { Select } from '../../parts/choice.tsx'
import { Curl } from '../../parts/curl.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { clockOf, momentAt } from '../../parts/moments.ts'
import { Failure } from '../../parts/notice.tsx'
import { FrameworkSelect } from './framework-select.tsx'
import { words } from './words/words.ts'

interface Props {
  slug: string
  read: Campaign
  mayWrite: boolean
  mayEnable: boolean
}

/** The fields as a person types them. */
const typed = (campaign: Campaign) => ({
  name: campaign.name,
  assessment_type: campaign.assessment_type,
  mode: campaign.mode ?? '',
  results_disclosure: campaign.results_disclosure,
  opens_at: clockOf(campaign.opens_at),
  closes_at: clockOf(campaign.closes_at),
  headline: campaign.landing.headline ?? '',
  intro: campaign.landing.intro ?? '',
})
type Typed = ReturnType<typeof typed>

/** What differs from what was read. What somebody else changes elsewhere meanwhile stays as they want it. */
function changeOf(read: Campaign, now: Typed): CampaignChange {
  const before = typed(read)
  const differs = (...names: (keyof Typed)[]) => names.some((name) => now[name] !== before[name])
  return {
    ...(differs('name') && { name: now.name }),
    ...(differs('assessment_type') && { assessment_type: now.assessment_type }),
    ...(differs('mode') && { mode: now.mode || null }),
    ...(differs('results_disclosure') && { results_disclosure: now.results_disclosure }),
    ...(differs('opens_at') && { opens_at: momentAt(now.opens_at) }),
    ...(differs('closes_at') && { closes_at: momentAt(now.closes_at) }),
    ...(differs('headline', 'intro') && {
      landing: {
        ...(now.headline.trim() && { headline: now.headline }),
        ...(now.intro.trim() && { intro: now.intro }),
      },
    }),
  }
}

const pointers = ['/name', '/opens_at', '/closes_at', '/landing/headline', '/landing/intro']
const disclosures = ['full', 'summary', 'none'] as const

export function Setup({ slug, read, mayWrite, mayEnable }: Props) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState<Partial<Typed>>({})
  const now = { ...typed(read), ...draft }
  const change = changeOf(read, now)
  const isDirty = Object.keys(change).length > 0
  const saving = useMutation({
    mutationFn: (body: CampaignChange) => changeCampaign(slug, read.ref_id, body),
    onSuccess: (saved) => {
      queries.setQueryData(campaignQuery(slug, read.ref_id).queryKey, saved)
      setDraft({})
      void queries.invalidateQueries({ queryKey: [slug, 'campaigns'] })
    },
  })
  useBlocker({ shouldBlockFn: () => isDirty && !confirm(words.unsaved), enableBeforeUnload: () => isDirty })
  const set = (some: Partial<Typed>) => {
    if (!saving.isIdle) saving.reset()
    setDraft((before) => ({ ...before, ...some }))
  }
  const errors = errorsOf(saving.error, pointers)
  const common = (pointer: string) => ({ name: pointer, disabled: !mayWrite, error: errors.at(pointer) })

  return (
    <CardForm
      title={words.setup}
      isPending={saving.isPending}
      onSubmit={() => isDirty && saving.mutate(change)}
    >
      <Field
        {...common('/name')}
        label={words.campaignName}
        required
        maxLength={255}
        value={now.name}
        onValue={(name) => set({ name })}
      />
      <FrameworkSelect
        slug={slug}
        framework={now.assessment_type}
        mode={now.mode}
        mayEnable={mayEnable}
        isDisabled={!mayWrite}
        onValue={(assessment_type, mode) => set({ assessment_type, mode })}
      />
      <Select
        label={words.disclosure}
        value={now.results_disclosure}
        isDisabled={!mayWrite}
        options={disclosures.map((each) => [each, words.disclosures[each]] as const)}
        onValue={(results_disclosure) => set({ results_disclosure })}
      />
      <Field
        {...common('/opens_at')}
        label={words.opensAt}
        hint={words.datesHint}
        type="datetime-local"
        value={now.opens_at}
        onValue={(opens_at) => set({ opens_at })}
      />
      <Field
        {...common('/closes_at')}
        label={words.closesAt}
        type="datetime-local"
        value={now.closes_at}
        onValue={(closes_at) => set({ closes_at })}
      />
      <Field
        {...common('/landing/headline')}
        label={words.headline}
        hint={words.landingHint}
        maxLength={200}
        value={now.headline}
        onValue={(headline) => set({ headline })}
      />
      <Field
        {...common('/landing/intro')}
        label={words.intro}
        maxLength={2000}
        lines={4}
        value={now.intro}
        onValue={(intro) => set({ intro })}
      />
      {mayWrite && (
        <>
          {errors.rest && <Failure error={errors.rest} />}
          <p role="status">{saving.isSuccess && !isDirty ? words.saved : ''}</p>
          <Button type="submit" disabled={!isDirty || saving.isPending}>
            {saving.isPending ? words.working : words.save}
          </Button>
          {isDirty && (
            <Curl method="PATCH" path={`/assessments/campaigns/${read.ref_id}`} tenant={slug} body={change} />
          )}
        </>
      )}
    </CardForm>
  )
}
