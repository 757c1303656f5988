import { openBucket } from '../../storage/index.ts'

/** Where the PDFs are. Nobody else reaches the bucket: people get links that end after a minute. */
export const pdfs = openBucket({ name: 'contracts', types: ['application/pdf'] })
export const linkSeconds = 60
