import { existsSync } from 'node:fs'

const usualPaths = [
  // Made to be driven by programs: an eighth less work for the same pages.
  '/usr/bin/chromium-headless-shell',
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

/** CHROME_PATH wins and must be right: falling back from a typing error would open another browser unasked. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const wanted = env.CHROME_PATH
  if (!wanted) return usualPaths.find((path) => existsSync(path))
  if (!existsSync(wanted)) throw new Error(`CHROME_PATH is ${wanted}, and there is no such file.`)
  return wanted
}

/** Only the last --disable-features counts, so what Playwright switches off is here too. */
const withoutFeatures = [
  // Menus of the address bar, which nobody sees here. Each window would run two pages for them, and a visit would cost twice as much.
  ...['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup'],
  ...['AvoidUnnecessaryBeforeUnloadCheckSync', 'DestroyProfileOnBrowserClose', 'LensOverlay', 'MediaRouter'],
  ...['HttpsUpgrades', 'HttpsFirstBalancedModeAutoEnable', 'PaintHolding', 'ThirdPartyStoragePartitioning'],
  ...['AvoidCorsURLLoaderRestartOnRedirect', 'OptimizationHints', 'NetworkTimeServiceQuerying', 'AimEnabled'],
  'PreconnectToSearch',
  // A process in store for each page, which most pages never use.
  'SpareRendererForSitePerProcess',
]

export function chromiumArguments(): string[] {
  return [
    `--disable-features=${withoutFeatures.join(',')}`,
    '--disable-gpu',
    // Pages of one site share a process. Another site, or another visitor, still has one of its own.
    '--renderer-process-limit=1',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // Custom domains lead here, and so does everything else: what is opened never leaves this machine.
    '--host-resolver-rules=MAP * 127.0.0.1',
    // Chromium refuses to sandbox root, which is who runs in a container. For anyone else the sandbox stays.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ]
}
