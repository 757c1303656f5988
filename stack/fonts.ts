import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StackFailure } from './failure.ts'

/** What the pages of web/ write in. */
const weights = [400, 700]

interface Metadata {
  family: string
  weights: number[]
}

/**
 * The files below /fonts/, by their path: for each font of @fontsource a style sheet, the woff2 files that it names, and
 * the licence. A browser fetches only the files whose weight and letters a page shows. The path of a file has the
 * version of its package, so that it may be kept for ever.
 */
export function fontFiles(root: string): Map<string, () => Buffer> {
  const packages = join(root, 'node_modules/@fontsource')
  const files = new Map<string, () => Buffer>()
  for (const font of foldersIn(packages)) {
    const folder = join(packages, font)
    const { version } = readJson<{ version: string }>(folder, 'package.json')
    const { family, weights: existing } = readJson<Metadata>(folder, 'metadata.json')
    const ranges = Object.entries(readJson<Record<string, string>>(folder, 'unicode.json'))
    const faces: string[] = []
    for (const weight of weights.filter((each) => existing.includes(each)))
      for (const [subset, range] of ranges) {
        const path = `${font}-${version}/${subset}-${weight}.woff2`
        files.set(path, () => readFileSync(join(folder, `files/${font}-${subset}-${weight}-normal.woff2`)))
        faces.push(fontFace(family, weight, path, range))
      }
    files.set(`${font}.css`, () => Buffer.from(faces.join('\n')))
    files.set(`${font}-${version}/LICENSE.txt`, () => readFileSync(join(folder, 'LICENSE')))
  }
  return files
}

/** Writes all of them to `<folder>/fonts`, in place of what is there. Returns how many bytes they have. */
export async function writeFonts(root: string, folder: string): Promise<number> {
  const files = fontFiles(root)
  if (files.size === 0) throw new StackFailure('There are no fonts in node_modules: run "npm ci" first.')
  await rm(join(folder, 'fonts'), { recursive: true, force: true })
  let bytes = 0
  for (const [path, read] of files) {
    const to = join(folder, 'fonts', path)
    const content = read()
    await mkdir(dirname(to), { recursive: true })
    await writeFile(to, content)
    bytes += content.length
  }
  return bytes
}

/** Text shows at once in the fallback, and again when the file is there (swap). */
function fontFace(family: string, weight: number, path: string, range: string): string {
  return `@font-face {
  font-family: "${family}";
  font-weight: ${weight};
  font-display: swap;
  src: url("${path}") format("woff2");
  unicode-range: ${range};
}
`
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

function readJson<T>(folder: string, name: string): T {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as T
}
