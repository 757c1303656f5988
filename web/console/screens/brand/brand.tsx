import { useQuery } from '@tanstack/react-query'
import { brandQuery } from '../../api/brand.ts'
import { Screen } from '../../parts/screen.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Editor } from './editor.tsx'
import { words } from './words/words.ts'

/** The brand of a tenant: to be changed by those who may, and looked at by everybody else. */
export function BrandScreen() {
  return (
    <Screen title={words.rooms.brand} lead={words.brandLead} notManaged={words.readOnly}>
      {/* The key: nothing of one tenant's draft is left when another is opened. */}
      {({ slug, mayManage }) => <Brand key={slug} slug={slug} mayManage={mayManage} />}
    </Screen>
  )
}

function Brand({ slug, mayManage }: { slug: string; mayManage: boolean }) {
  const brand = useQuery(brandQuery(slug))
  if (!brand.data || isRefused(brand)) return <Pending queries={[brand]} />
  return <Editor slug={slug} read={brand.data} mayManage={mayManage} />
}
