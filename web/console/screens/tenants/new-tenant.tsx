import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { makeTenant, tenantsQuery } from '../../api/tenants.ts'
import { Button } from '../../parts/button.tsx'
import { CardForm } from '../../parts/card.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { words } from './words/words.ts'

/** A tenant of one's own, on trial. */
export default function NewTenant() {
  const [name, setName] = useState('')
  const [slug, setSlug] = useState('')
  const go = useNavigate()
  const queries = useQueryClient()
  const making = useMutation({
    mutationFn: () => makeTenant({ name, slug }),
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: tenantsQuery.queryKey })
      await go({ to: '/t/$slug', params: { slug: made } })
    },
  })
  const errors = errorsOf(making.error, ['/name', '/slug'])
  return (
    <CardForm title={words.newTenant} isPending={making.isPending} onSubmit={making.mutate}>
      <p>{words.newTenantLead}</p>
      <Field
        name="/name"
        label={words.tenantName}
        required
        maxLength={200}
        value={name}
        onValue={setName}
        error={errors.at('/name')}
      />
      <Field
        name="/slug"
        label={words.slug}
        hint={words.slugHint}
        required
        maxLength={63}
        autoCapitalize="none"
        spellCheck={false}
        value={slug}
        onValue={setSlug}
        error={errors.at('/slug')}
      />
      {errors.rest && <Failure error={errors.rest} />}
      <Button type="submit" disabled={making.isPending}>
        {making.isPending ? words.working : words.makeTenant}
      </Button>
    </CardForm>
  )
}
