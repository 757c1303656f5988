import type { BrandChange } from '../../api/brand.ts'
import { project } from '../../api/project.ts'
import { useWords } from '../../app/words/words.ts'
import styles from './brand.module.css'

/** The same change as a command. The token is left for the reader to fill in: a command line is kept in a history. */
export function Curl({ slug, change, etag }: { slug: string; change: BrandChange; etag: string }) {
  const words = useWords()
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
  const command = [
    `curl -X PATCH ${quoted(`${project.url}/functions/v1/branding/brand`)}`,
    `-H "authorization: Bearer $ACCESS_TOKEN"`,
    ...(project.publishableKey ? [`-H ${quoted(`apikey: ${project.publishableKey}`)}`] : []),
    `-H ${quoted(`x-tenant: ${slug}`)}`,
    `-H ${quoted(`if-match: ${etag}`)}`,
    `-H 'content-type: application/json'`,
    `-d ${quoted(JSON.stringify(change))}`,
  ].join(' \\\n  ')
  return (
    <details>
      <summary>{words.asCurl}</summary>
      {/* A long command scrolls, so the keyboard has to reach it. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <pre className={styles.command} tabIndex={0}>
        {command}
      </pre>
    </details>
  )
}
