// Runs a program of the stack that is written in TypeScript: node stack/run.js stack/main.ts start
//
// Its modules are compiled into one folder first, which takes a fifth of a second. A loader that compiles each module as it
// is imported would look at every module of every package too: for those of Auth and REST that takes two seconds.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, stop } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Inside node_modules, because what is compiled imports packages. */
const kept = join(root, 'node_modules/.cache/tenantry-programs')
const dayMs = 86_400_000

const [, , program = '', ...args] = process.argv
const source = resolve(program)
process.argv.splice(1, process.argv.length, source, ...args)
// Where an error comes from is told in the lines of the sources.
process.setSourceMapsEnabled(true)
await import(pathToFileURL(join(await compile(), `${basename(source, '.ts')}.js`)).href)

/** The folder that holds the program and what it imports of this project. */
async function compile() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [source],
    outdir: kept,
    bundle: true,
    // What a program imports later, or not at all, stays apart.
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    sourcemap: 'linked',
    plugins: [{ name: 'modules know where they are', setup: tellWhere }],
    write: false,
    logLevel: 'error',
  }).catch(() => process.exit(1))
  await stop()

  const hash = createHash('sha256')
  for (const { path, contents } of outputFiles) hash.update(`${path}\0${contents.length}\0`).update(contents)
  const folder = join(kept, hash.digest('hex').slice(0, 16))
  if (existsSync(folder)) {
    await utimes(folder, new Date(), new Date())
    return folder
  }
  // Another one may start at the same time. Each has a folder of its own, and a rename shows it whole.
  const mine = `${folder}.${process.pid}`
  await mkdir(mine, { recursive: true })
  for (const { path, contents } of outputFiles) await writeFile(join(mine, basename(path)), contents)
  await rename(mine, folder).catch(() => rm(mine, { recursive: true, force: true }))
  await forgetOld()
  return folder
}

/** A module finds the files beside it by its own address, and that is the one of its source. */
function tellWhere({ onLoad }) {
  onLoad({ filter: /\.ts$/ }, async ({ path }) => {
    const where = { url: pathToFileURL(path).href, dirname: dirname(path), filename: path }
    const text = await readFile(path, 'utf8')
    const contents = text.replace(/\bimport\.meta\.(url|dirname|filename)\b/g, (_, name) =>
      JSON.stringify(where[name]),
    )
    return { contents, loader: 'ts' }
  })
}

/** A program that runs has read what it is made of long ago. */
async function forgetOld() {
  for (const name of await readdir(kept)) {
    const folder = join(kept, name)
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > dayMs) await rm(folder, { recursive: true, force: true })
  }
}
