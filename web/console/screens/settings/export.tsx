import { useMutation } from '@tanstack/react-query'
import { downloadExport } from '../../api/exports.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, Card } from '../../parts/card.tsx'
import { Curl } from '../../parts/curl.tsx'
import { Failure } from '../../parts/notice.tsx'
import { words } from './words/words.ts'

/** Everything that a tenant owns, as a file. */
export function Export({ slug }: { slug: string }) {
  const downloading = useMutation({ mutationFn: () => downloadExport(slug) })
  return (
    <Card title={words.export}>
      <p>{words.exportLead}</p>
      {downloading.error && <Failure error={downloading.error} />}
      <p role="status">{downloading.isSuccess && words.exportBegun}</p>
      <Buttons>
        <Button look="quiet" disabled={downloading.isPending} onClick={() => downloading.mutate()}>
          {downloading.isPending ? words.working : words.exportNow}
        </Button>
      </Buttons>
      <Curl method="POST" path={`/registry/tenants/${slug}/export/links`} />
    </Card>
  )
}
