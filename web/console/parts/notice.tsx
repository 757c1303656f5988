import { Problem, UnexpectedAnswer } from '../../../lib/client/index.ts'
import { useWords } from '../app/words/words.ts'
import { Button } from './button.tsx'
import styles from './notice.module.css'

/** Something that stands above the content until it is no longer so. */
export function Banner({ children }: { children: string }) {
  return <p className={styles.banner}>{children}</p>
}

/** A refusal or a fault, with what somebody who helps has to know of it. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const words = useWords()
  const id = error instanceof Problem || error instanceof UnexpectedAnswer ? error.requestId : undefined
  return (
    <div role="alert" className={styles.failure}>
      <p>{error instanceof Problem ? error.detail : words.offline}</p>
      {id && <p className={styles.id}>{words.requestId(id)}</p>}
      {retry && (
        <Button look="quiet" onClick={retry}>
          {words.retry}
        </Button>
      )}
    </div>
  )
}
