import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { brandQuery, saveBrand } from '../../api/brand.ts'
import { frameworksQuery } from '../../api/frameworks.ts'
import { Button } from '../../parts/button.tsx'
import { Select } from '../../parts/choice.tsx'
import { Failure } from '../../parts/notice.tsx'
import { words } from './words/words.ts'

interface Props {
  slug: string
  framework: string
  mode: string
  mayEnable: boolean
  isDisabled?: boolean
  onValue: (framework: string, mode: string) => void
}

/** Which assessment, and in which of its formats. One that is switched off for the tenant can be switched on here. */
export function FrameworkSelect({ slug, framework, mode, mayEnable, isDisabled, onValue }: Props) {
  const queries = useQueryClient()
  const { data: frameworks = [] } = useQuery(frameworksQuery(slug))
  const { data: read } = useQuery(brandQuery(slug))
  const enabling = useMutation({
    mutationFn: async () => {
      // As it is now: what stands here may be as old as the page.
      const { brand, etag } = await queries.fetchQuery({ ...brandQuery(slug), staleTime: 0 })
      const enabled_assessments = [...new Set([...brand.enabled_assessments, framework])]
      return saveBrand(slug, { enabled_assessments }, etag)
    },
    onSuccess: (saved) => queries.setQueryData(brandQuery(slug).queryKey, saved),
  })
  const chosen = frameworks.find((each) => each.framework_id === framework)
  const isOff = read && chosen && !read.brand.enabled_assessments.includes(framework)
  return (
    <>
      <Select
        label={words.assessment}
        value={framework}
        isDisabled={isDisabled ?? false}
        options={frameworks.map(({ framework_id, name }) => [framework_id, name] as const)}
        onValue={(next) => onValue(next, '')}
      />
      {isOff && (
        <div role="status">
          <p>
            {words.notEnabled} {!mayEnable && words.enableByManager}
          </p>
          {mayEnable && (
            <Button look="quiet" disabled={enabling.isPending} onClick={() => enabling.mutate()}>
              {words.enable}
            </Button>
          )}
        </div>
      )}
      {enabling.error && <Failure error={enabling.error} />}
      <Select
        label={words.mode}
        value={mode}
        isDisabled={isDisabled ?? false}
        options={[['', words.anyMode], ...(chosen?.modes ?? []).map((each) => [each, each] as const)]}
        onValue={(next) => onValue(framework, next)}
      />
    </>
  )
}
