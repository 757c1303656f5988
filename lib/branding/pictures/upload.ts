import type { Db } from '../../db/index.ts'
import {
  cleanPicture,
  openBucket,
  type PictureType,
  pictureTypes,
  requireUploadTurn,
} from '../../storage/index.ts'
import { updateBrand } from '../brand/queries.ts'
import type { Brand } from '../brand/schema.ts'

/** Anybody may see what stands on a public page. */
const pictures = openBucket({ name: 'brands', isPublic: true, types: pictureTypes })
const endings: Record<PictureType, string> = { 'image/png': 'png', 'image/jpeg': 'jpg', 'image/webp': 'webp' }

/** The tenant whose brand it is. */
interface Owner {
  id: string
  refId: string
}

/**
 * Stores a picture and shows it as the tenant's logo. The one before is removed by the sweep. 422 invalid_file; 429
 * too_many_uploads; 503 unavailable.
 */
export async function uploadLogo(
  db: Db,
  tenant: Owner,
  bytes: Uint8Array,
  type: PictureType,
): Promise<Brand> {
  const url = await storePicture(db, tenant, 'logo', bytes, type)
  return updateBrand(db, tenant.id, { brand: { logo: { url } } })
}

/** Stores a picture and shows it as the coach's photo. As uploadLogo() besides. */
export async function uploadCoachPhoto(
  db: Db,
  tenant: Owner,
  bytes: Uint8Array,
  type: PictureType,
): Promise<Brand> {
  return updateBrand(db, tenant.id, { coach_photo: await storePicture(db, tenant, 'photo', bytes, type) })
}

async function storePicture(
  db: Db,
  { id, refId }: Owner,
  what: 'logo' | 'photo',
  bytes: Uint8Array,
  type: PictureType,
): Promise<string> {
  const picture = cleanPicture(bytes, type)
  await requireUploadTurn(db, id)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', picture.bytes.slice()))
  const name = Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const key = `${refId}/${what}/${name}.${endings[type]}`
  // The file first: a brand must not name a picture that is not there.
  await pictures.store(key, picture.bytes, type)
  return pictures.pathOf(key)
}
