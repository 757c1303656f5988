import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { type AuditCheckpoint, type AuditVerdict, checkAudit, readCheckpoint } from '../../api/audit.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, Card, CardForm } from '../../parts/card.tsx'
import { Code } from '../../parts/code.tsx'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { Copy } from '../../parts/secret.tsx'
import { numberOf } from '../../parts/when.tsx'
import styles from './audit.module.css'
import { AuditScreen } from './frame.tsx'
import { words } from './words/words.ts'

/** Whether the log is as it was written. It is computed here, so that nobody has to take the server's word. */
export function AuditCheck() {
  return <AuditScreen>{({ slug }) => <Check key={slug} slug={slug} />}</AuditScreen>
}

function Check({ slug }: { slug: string }) {
  const [line, setLine] = useState('')
  const [isWrong, setWrong] = useState(false)
  const [progress, setProgress] = useState<{ rows: number; of: number } | null>(null)
  const control = useRef<AbortController>(null)
  const checking = useMutation({
    mutationFn: async (kept: AuditCheckpoint | undefined) => {
      control.current = new AbortController()
      const verdict = await checkAudit(slug, {
        kept,
        onProgress: (rows, of) => setProgress({ rows, of }),
        signal: control.current.signal,
      })
      return { verdict, kept }
    },
    onSettled: () => setProgress(null),
  })
  const submit = () => {
    const kept = readCheckpoint(line)
    const isMissing = line.trim() !== '' && kept === undefined
    setWrong(isMissing)
    if (!isMissing) checking.mutate(kept)
  }
  const isStopped = control.current?.signal.aborted ?? false
  return (
    <>
      <p>{words.checkLead}</p>
      <CardForm title={words.check} isPending={checking.isPending} onSubmit={submit}>
        <Field
          name="checkpoint"
          label={words.checkpoint}
          hint={words.checkpointHint}
          lines={3}
          spellCheck={false}
          value={line}
          onValue={(next) => {
            setWrong(false)
            setLine(next)
          }}
          error={isWrong ? words.noCheckpoint : undefined}
        />
        {checking.isPending && (
          <>
            <progress aria-label={words.check} max={progress?.of} value={progress?.rows} />
            <p role="status">
              {progress ? words.progress(numberOf(progress.rows), numberOf(progress.of)) : words.working}
            </p>
          </>
        )}
        {checking.error && !isStopped && <CheckFailure error={checking.error} />}
        <Buttons>
          <Button type="submit" disabled={checking.isPending}>
            {words.startCheck}
          </Button>
          {checking.isPending && (
            <Button look="quiet" onClick={() => control.current?.abort()}>
              {words.stop}
            </Button>
          )}
        </Buttons>
      </CardForm>
      {checking.data && <Verdict slug={slug} {...checking.data} />}
    </>
  )
}

/** Some are about what was read, and no answer of the server. */
function CheckFailure({ error }: { error: Error }) {
  return error.message === 'The checkpoint is of another tenant.' ? (
    <p role="alert">{words.otherTenant}</p>
  ) : (
    <Failure error={error} />
  )
}

interface VerdictProps {
  slug: string
  verdict: AuditVerdict
  kept: AuditCheckpoint | undefined
}

function Verdict({ slug, verdict, kept }: VerdictProps) {
  const { is_intact: isIntact, checkpoint, break: found } = verdict
  if (!isIntact)
    return (
      <section role="alert" className={styles.broken}>
        <h2>{found?.seq ? words.brokenAt(numberOf(found.seq)) : words.broken}</h2>
        <p>{found && (words.problem[found.problem] ?? found.detail)}</p>
        {found?.seq && !missing.has(found.problem) && (
          <p>
            <Link to="/t/$slug/audit/$seq" params={{ slug, seq: String(found.seq) }}>
              {words.seeEntry}
            </Link>
          </p>
        )}
        <p>{words.holdsUntil(numberOf(checkpoint.seq))}</p>
      </section>
    )
  const text = JSON.stringify(checkpoint)
  return (
    <section>
      <div role="status">
        <h2>{words.intact(numberOf(checkpoint.seq))}</h2>
      </div>
      <p>{kept ? words.asKept(numberOf(kept.seq)) : words.withoutCheckpoint}</p>
      <Card title={words.checkpoint}>
        <p>{words.keepThis}</p>
        <Code>{text}</Code>
        <Copy text={text} />
      </Card>
    </section>
  )
}

/** There is no row to show. */
const missing = new Set(['gap', 'tail_cut', 'checkpoint_missing'])
