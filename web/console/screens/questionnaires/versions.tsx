import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { versionsQuery } from '../../api/frameworks.ts'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Moment, numberOf } from '../../parts/when.tsx'
import { FrameworkScreen, type Here } from './frame.tsx'
import { words } from './words/words.ts'

/** What was published, the newest first. */
export function Versions() {
  return <FrameworkScreen>{(here) => <Listed {...here} />}</FrameworkScreen>
}

function Listed({ slug, framework, read }: Here) {
  const versions = useInfiniteQuery(versionsQuery(slug, framework))
  if (!versions.data || isRefused(versions)) return <Pending queries={[versions]} />
  const listed = versions.data.pages.flatMap((page) => page.versions)
  const to = (version: number, text: string) => (
    <Link
      to="/t/$slug/questionnaires/$framework/versions/$version"
      params={{ slug, framework, version: String(version) }}
    >
      {text}
    </Link>
  )
  if (listed.length === 0) return <p>{words.noVersions}</p>
  return (
    <>
      <List label={words.versions}>
        {listed.map(({ version, reason, restored_version, snapshot_at }) => (
          <Row
            key={version}
            label={words.versionNumber(numberOf(version))}
            main={
              <>
                {to(version, words.versionNumber(numberOf(version)))}
                {reason && <span>{reason}</span>}
                <Quiet>
                  <Moment at={snapshot_at} />
                  {restored_version !== null && ` · ${words.restoredFrom(numberOf(restored_version))}`}
                </Quiet>
              </>
            }
          >
            {version === read.version && <span>{words.isPublished}</span>}
          </Row>
        ))}
      </List>
      <More pages={versions} />
      <p>{to(0, words.backToSupplied)}</p>
    </>
  )
}
