import { call } from '../../kit/call.ts'

/** Whose brand it is, and who changes it. */
interface Editor {
  token: string
  tenant?: string
}

/** Changes the brand as it is now: reads it, and names what was read in If-Match. */
export async function changeBrand(editor: Editor, body: unknown): Promise<Response> {
  const headers = { 'if-match': await readBrandTag(editor) }
  return call('/branding/brand', { ...editor, method: 'PATCH', headers, body })
}

/** The ETag of the brand. That of a brand which cannot be read names its first version. */
export async function readBrandTag(editor: Editor): Promise<string> {
  return (await call('/branding/brand', { ...editor })).headers.get('etag') ?? '"1"'
}
