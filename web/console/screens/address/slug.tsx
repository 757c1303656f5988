import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { changeSlug } from '../../api/domains.ts'
import { tenantsQuery } from '../../api/tenants.ts'
import { Button } from '../../parts/button.tsx'
import { CardForm } from '../../parts/card.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Curl } from '../../parts/curl.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { words } from './words/words.ts'

/** The slug is a part of the page's address, of the console's, and of every call. */
export function Slug({ slug }: { slug: string }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [next, setNext] = useState(slug)
  const [isAsked, setAsked] = useState(false)
  const changing = useMutation({
    mutationFn: () => changeSlug(slug, next.trim()),
    onSettled: () => setAsked(false),
    onSuccess: async (now) => {
      await queries.invalidateQueries({ queryKey: tenantsQuery.queryKey })
      await navigate({ to: '/t/$slug/address', params: { slug: now }, replace: true })
      queries.removeQueries({ queryKey: [slug] })
    },
  })
  const errors = errorsOf(changing.error, ['/slug'])
  return (
    <CardForm title={words.slug} isPending={changing.isPending} onSubmit={() => setAsked(true)}>
      <Field
        name="/slug"
        label={words.slugLabel}
        hint={words.slugHint}
        required
        minLength={3}
        maxLength={40}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        value={next}
        onValue={setNext}
        error={errors.at('/slug')}
      />
      {errors.rest && <Failure error={errors.rest} />}
      <Button type="submit" disabled={next.trim() === slug || changing.isPending}>
        {changing.isPending ? words.working : words.changeSlug}
      </Button>
      {next.trim() !== slug && (
        <Curl method="POST" path={`/registry/tenants/${slug}/slug`} body={{ slug: next.trim() }} />
      )}
      <Confirm
        title={words.slugTitle(slug, next.trim())}
        lead={words.slugLead(slug)}
        act={words.changeSlug}
        isOpen={isAsked}
        isPending={changing.isPending}
        onAct={() => changing.mutate()}
        onClose={() => setAsked(false)}
      />
    </CardForm>
  )
}
