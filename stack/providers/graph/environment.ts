/** Where the functions find the local platform. An address in the shell is the one that somebody wants instead. */
export function whatsappEnvironment(
  url: string,
  shell: Record<string, string | undefined> = process.env,
): Record<string, string> {
  return shell.TENANTRY_WHATSAPP_URL ? {} : { TENANTRY_WHATSAPP_URL: url }
}
