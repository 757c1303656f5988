import { useQuery } from '@tanstack/react-query'
import { signInQuery } from '../../api/tenants.ts'
import { Banner } from '../../parts/notice.tsx'
import { words } from './words/words.ts'

/** Somebody whose company signed them in, and who belongs to no tenant, learns what is in the way. */
export default function WhyNone() {
  const { data } = useQuery(signInQuery)
  if (!data?.reason || data.reason === 'not_of_provider') return null
  return <Banner>{words.noMember[data.reason]}</Banner>
}
