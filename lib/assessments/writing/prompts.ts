import type { ResolvedConfig } from '../config/parts.ts'

/** How the tenant wants texts to be written. */
export function voiceOf({ system_prompt, tone_directives }: ResolvedConfig['voice']): string {
  return [system_prompt, ...tone_directives.map((directive) => `- ${directive}`)].join('\n')
}
