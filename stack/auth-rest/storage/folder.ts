import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import type { App } from '@supabase/lite'

type Adapter = NonNullable<App['_storageAdapter']>
type Metadata = Awaited<ReturnType<Adapter['headObject']>>

/** Keeps the bytes of stored files in a folder. Their names are hashes, because a key may say anything. */
export function folderAdapter(folder: string): Adapter {
  // Without the version: lite reads by one that it did not write with.
  const placeOf = (bucket: string, key: string) =>
    join(
      folder,
      createHash('sha256')
        .update(JSON.stringify([bucket, key]))
        .digest('hex'),
    )

  async function write(place: string, bytes: Uint8Array, about: Pick<Metadata, 'mimetype' | 'cacheControl'>) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(place, bytes, { mode: 0o600 })
    await writeFile(`${place}.json`, JSON.stringify(about), { mode: 0o600 })
    return readMetadata(place)
  }

  async function readMetadata(place: string): Promise<Metadata> {
    const about = JSON.parse(await readFile(`${place}.json`, 'utf8')) as Pick<
      Metadata,
      'mimetype' | 'cacheControl'
    >
    const { size, mtime } = await stat(place)
    const eTag = `"${createHash('md5')
      .update(await readFile(place))
      .digest('hex')}"`
    return { ...about, size, contentLength: size, lastModified: mtime, eTag, httpStatusCode: 200 }
  }

  const remove = async (place: string) => {
    for (const path of [place, `${place}.json`]) await rm(path, { force: true })
  }

  return {
    driver: folder,
    async getObject(bucket, key) {
      const place = placeOf(bucket, key)
      const metadata = await readMetadata(place)
      return { metadata, httpStatusCode: 200, body: await readFile(place) }
    },
    async uploadObject(bucket, key, _version, body, mimetype, cacheControl) {
      const bytes = body instanceof Uint8Array ? body : await buffer(body as NodeReadableStream)
      return write(placeOf(bucket, key), bytes, { mimetype, cacheControl })
    },
    deleteObject: (bucket, key) => remove(placeOf(bucket, key)),
    async deleteObjects(bucket, keys) {
      for (const key of keys) await remove(placeOf(bucket, key))
    },
    async copyObject(bucket, key, _version, toBucket, toKey) {
      const from = placeOf(bucket, key)
      const metadata = await readMetadata(from)
      return write(placeOf(toBucket, toKey), await readFile(from), metadata)
    },
    headObject: (bucket, key) => readMetadata(placeOf(bucket, key)),
    privateAssetUrl: async (bucket, key) => `file://${placeOf(bucket, key)}`,
  }
}
