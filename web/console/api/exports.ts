import { platform } from './client.ts'
import { project } from './project.ts'

/**
 * Has the browser save everything that a tenant owns. A download sends no header, and a file in memory would fill a phone, so
 * the server makes a link that can be opened once.
 */
export async function downloadExport(slug: string): Promise<void> {
  const { data } = await platform.POST('/registry/tenants/{ref}/export/links', {
    params: { path: { ref: slug } },
  })
  const link = document.createElement('a')
  link.href = `${project.url}/functions/v1${data.path}`
  link.download = ''
  link.click()
}
