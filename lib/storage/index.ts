import './problems.ts'

export { openBucket, publicUrl } from './bucket.ts'
export { cleanPicture, type PictureType, pictureTypes } from './pictures/clean-picture.ts'
export { SweptFiles, sweepFiles } from './sweep.ts'
export { requireUploadTurn } from './turn.ts'
