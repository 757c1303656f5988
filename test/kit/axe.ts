import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Frame, Page } from 'playwright-core'

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/**
 * What axe finds on a page. It is evaluated over the debugging protocol, which no content security policy governs.
 * @param options of axe.run(), as source text
 */
export async function violationsOn(page: Page | Frame, options = '{}'): Promise<string[]> {
  // Reading its half a megabyte takes as long as a run, so a document reads it once. What is no violation stays there.
  const run = () =>
    page.evaluate<AxeResults['violations'] | null>(
      `window.axe ? axe.run(document, ${options}).then(({ violations }) => violations) : null`,
    )
  let violations = await run()
  if (!violations) {
    await page.evaluate(source)
    violations = await run()
  }
  return violations!.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}
