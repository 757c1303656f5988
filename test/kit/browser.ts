import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, it } from 'vitest'

const USUAL_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/opt/homebrew/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

const ADVICE = 'install Chromium or set CHROME_PATH to one'

/** CHROME_PATH wins and must be right: falling back from a typing error would test another browser unasked. */
function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const wanted = env.CHROME_PATH
  if (!wanted) return USUAL_PATHS.find((path) => existsSync(path))
  if (!existsSync(wanted)) throw new Error(`CHROME_PATH is ${wanted}, and there is no such file.`)
  return wanted
}

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
      browser = await chromium.launch({ executablePath, args: launchArguments() })
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

function launchArguments(): string[] {
  return [
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // Custom domains lead here, and so does everything else: a test never leaves this machine.
    '--host-resolver-rules=MAP * 127.0.0.1',
    // Chromium refuses to sandbox root, which is who runs in a container. For anyone else the sandbox stays.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ]
}
