// Pages that are made of many modules and of libraries. A static host serves a page as it lies in web/, and a phone on a
// poor network loads one file sooner than forty.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** What is in the bundle of web/quiz besides our own code. */
const libraries = ['preact', 'htm']

/** The files by their path in the project. */
export async function bundleFiles(): Promise<Record<string, string>> {
  const packages = await Promise.all(libraries.map(readPackage))
  const names = packages.map(({ name, version, license }) => `${name} ${version} (${license})`).join(', ')
  const banner = `/*! Made of src/ by "npm run generate". With ${names}: LICENSES.txt */`
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { quiz: 'web/quiz/src/quiz.js', 'quiz-css': 'web/quiz/src/css/all.css' },
    outdir: 'web/quiz',
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022', 'chrome111', 'firefox115', 'safari16.4'],
    charset: 'utf8',
    banner: { js: banner },
    write: false,
    logLevel: 'error',
  })
  const texts = Object.fromEntries(outputFiles.map(({ path, text }) => [path.split('.').at(-1), text]))
  return {
    'web/quiz/quiz.js': texts.js ?? '',
    'web/quiz/quiz.css': texts.css ?? '',
    'web/quiz/LICENSES.txt': packages.map(({ text }) => text).join('\n\n'),
  }
}

async function readPackage(name: string) {
  const read = (file: string) => readFile(join(root, 'node_modules', name, file), 'utf8')
  const { version, license } = JSON.parse(await read('package.json')) as Record<string, string>
  return { name, version, license, text: `${name} ${version}\n\n${(await read('LICENSE')).trim()}\n` }
}
