import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { changeTenant, type TenantChange, tenantQuery, tenantsQuery } from '../../api/tenants.ts'
import { Button } from '../../parts/button.tsx'
import { CardForm } from '../../parts/card.tsx'
import { Select } from '../../parts/choice.tsx'
import { Curl } from '../../parts/curl.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import type { Tenant } from '../../parts/screen.tsx'
import { words } from './words/words.ts'

const common = ['en', 'en-GB', 'en-US', 'de', 'de-AT', 'de-CH', 'es', 'fr', 'fr-CH', 'it', 'it-CH']
const names = new Intl.DisplayNames(words.language, { type: 'language' })
const zones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')]

/** The values, and the present one with them: an API call may have set one that this list does not know. */
const withValue = (values: readonly string[], value: string) =>
  values.includes(value) ? values : [value, ...values]

interface Props {
  slug: string
  tenant: Tenant
  mayManage: boolean
}

/** What a tenant is called, its language, and where its days begin. */
export function General({ slug, tenant, mayManage }: Props) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState<TenantChange>({})
  const [isTold, setTold] = useState(false)
  const set = (change: TenantChange) => {
    setTold(false)
    setDraft((before) => ({ ...before, ...change }))
  }
  const { name, locale, time_zone } = { ...tenant, ...draft }
  const saving = useMutation({
    mutationFn: () => changeTenant(slug, draft),
    onSuccess: async () => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: tenantQuery(slug).queryKey }),
        queries.invalidateQueries({ queryKey: tenantsQuery.queryKey }),
      ])
      setDraft({})
      setTold(true)
    },
  })
  const errors = errorsOf(saving.error, ['/name'])
  const isDirty = name !== tenant.name || locale !== tenant.locale || time_zone !== tenant.time_zone

  return (
    <CardForm title={words.general} isPending={saving.isPending} onSubmit={saving.mutate}>
      <Field
        name="/name"
        label={words.tenantName}
        required
        maxLength={200}
        disabled={!mayManage}
        value={name}
        onValue={(value) => set({ name: value })}
        error={errors.at('/name')}
      />
      <Select
        label={words.locale}
        options={withValue(common, locale).map((tag) => [tag, names.of(tag) ?? tag] as const)}
        value={locale}
        isDisabled={!mayManage}
        onValue={(value) => set({ locale: value })}
      />
      <Select
        label={words.timeZone}
        options={withValue(zones, time_zone).map((zone) => [zone, zone.replaceAll('_', ' ')] as const)}
        value={time_zone}
        isDisabled={!mayManage}
        onValue={(value) => set({ time_zone: value })}
      />
      <p>{words.timeZoneHint}</p>
      {errors.rest && <Failure error={errors.rest} />}
      <p role="status">{isTold && words.saved}</p>
      {mayManage && (
        <Button type="submit" disabled={!isDirty || saving.isPending}>
          {saving.isPending ? words.working : words.save}
        </Button>
      )}
      {isDirty && <Curl method="PATCH" path={`/registry/tenants/${slug}`} body={draft} />}
    </CardForm>
  )
}
