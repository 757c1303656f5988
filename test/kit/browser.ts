import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { chromiumArguments, findChromium } from '../../stack/processes/chromium.ts'

const ADVICE = 'install Chromium or set CHROME_PATH to one'

/** Files that share a process share a browser too: starting one takes as long as a visit. It ends with the process. */
const isKept = process.env.TENANTRY_TEST_PROCESS === 'shared'
let kept: Browser | undefined

/**
 * A describe() with one Chromium for all its tests. Without a Chromium on a person's machine its tests are
 * skipped under a name that says why; in CI they fail, since a skip there would go unseen.
 */
export function describeInBrowser(name: string, body: (browser: () => Browser) => void): void {
  const executablePath = findChromium()
  if (!executablePath) {
    if (isCi(process.env)) {
      describe(name, () => {
        it('has a browser to run in', () => {
          throw new Error(`No Chromium found: ${ADVICE}.`)
        })
      })
    } else describe.skip(`${name} (skipped, no Chromium found: ${ADVICE})`, () => body(neverOpened))
    return
  }

  describe(name, () => {
    let browser: Browser | undefined
    beforeAll(async () => {
      browser = kept?.isConnected()
        ? kept
        : await chromium.launch({ executablePath, args: chromiumArguments() })
      if (isKept) kept = browser
    })
    afterAll(async () => {
      if (!isKept) return browser?.close()
      // What a test left open would go on running beside the next file.
      for (const context of browser?.contexts() ?? []) await context.close()
    })
    body(() => browser ?? neverOpened())
  })
}

const isCi = (env: NodeJS.ProcessEnv): boolean => ['1', 'true'].includes(env.CI ?? '')

function neverOpened(): never {
  throw new Error('The browser is only open while tests run.')
}
