import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { chromiumArguments, findChromium } from '../../stack/processes/chromium.ts'

const ADVICE = 'install Chromium or set CHROME_PATH to one'

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

  // On a busy machine a page now and then takes a click and does nothing. Nobody has found out why; what fails twice is broken.
  describe(name, { retry: isCi(process.env) ? 1 : 0 }, () => {
    let browser: Browser | undefined
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath, args: chromiumArguments() })
    })
    afterAll(async () => {
      await browser?.close()
    })
    body(() => browser ?? neverOpened())
  })
}

const isCi = (env: NodeJS.ProcessEnv): boolean => ['1', 'true'].includes(env.CI ?? '')

function neverOpened(): never {
  throw new Error('The browser is only open while tests run.')
}
