import { Link, useParams } from '@tanstack/react-router'
import { NetworkFault, Problem, UnexpectedAnswer } from '../../../lib/client/index.ts'
import { refusals } from '../app/words/refusals/refusals.ts'
import { words } from '../app/words/words.ts'
import { Button } from './button.tsx'
import styles from './notice.module.css'
import { usePortal } from './portal.ts'

/** Something that stands above the content until it is no longer so. */
export function Banner({ children }: { children: string }) {
  return <p className={styles.banner}>{children}</p>
}

/** What is no answer of the API comes from something between: a proxy, or a function that is starting. */
function sentenceOf(error: unknown): string {
  if (error instanceof NetworkFault) return words.offline
  return words.refused(error instanceof UnexpectedAnswer ? String(error.status) : 'unexpected')
}

/** By its code in the language of the person; what no language has a sentence for is the server's, which is English. */
function Refusal({ code, detail }: { code: string; detail: string }) {
  const said = Object.hasOwn(refusals, code) && refusals[code as keyof typeof refusals]
  return said ? <p>{said}</p> : <p lang="en">{detail}</p>
}

/** Until its contract is accepted, a tenant refuses everything else. */
function ToContract() {
  const { slug } = useParams({ strict: false })
  const portal = usePortal()
  if (!slug || portal) return null
  return (
    <p>
      <Link to="/t/$slug/contract" params={{ slug }}>
        {words.toContract}
      </Link>
    </p>
  )
}

/** A refusal or a fault, with what somebody who helps has to know of it. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const id = error instanceof Problem || error instanceof UnexpectedAnswer ? error.requestId : undefined
  return (
    <div role="alert" className={styles.failure}>
      {error instanceof Problem ? (
        <Refusal code={error.code} detail={error.detail} />
      ) : (
        <p>{sentenceOf(error)}</p>
      )}
      {id && <p className={styles.id}>{words.requestId(id)}</p>}
      {error instanceof Problem && error.code === 'contract_not_accepted' && <ToContract />}
      {retry && (
        <Button look="quiet" onClick={retry}>
          {words.retry}
        </Button>
      )}
    </div>
  )
}
