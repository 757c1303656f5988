/** What a template may name. A hosted project's Auth has more: "Data", conditions, loops. */
export const variableNames = [
  'ConfirmationURL',
  'Token',
  'TokenHash',
  'SiteURL',
  'Email',
  'NewEmail',
  'RedirectTo',
] as const
export type Variables = Record<(typeof variableNames)[number], string>

const action = /\{\{-?\s*(.*?)\s*-?\}\}/gs

/** Throws if a template has anything but plain variables: {{ .Token }}. */
export function checkTemplate(template: string): void {
  for (const [whole, inside] of template.matchAll(action)) {
    if (!isVariable(inside))
      throw new Error(`it has ${whole}, and only plain variables such as {{ .Token }} are known here`)
  }
  if (template.replace(action, '').includes('{{')) throw new Error('it has a {{ without its end')
}

/** Fills a template in. Values are escaped as Go's html/template does it in text and in attributes. */
export function renderHtml(template: string, variables: Variables): string {
  return render(template, (name) =>
    variables[name].replace(/[&<>"'+]/g, (found) => `&#${found.charCodeAt(0)};`),
  )
}

/** For a subject, which is one line of plain text. */
export function renderLine(template: string, variables: Variables): string {
  return render(template, (name) => variables[name]).replace(/[\r\n]+/g, ' ')
}

function render(template: string, lookUp: (name: keyof Variables) => string): string {
  checkTemplate(template)
  return template.replace(action, (_whole, inside: string) => lookUp(inside.slice(1) as keyof Variables))
}

function isVariable(inside: string | undefined): boolean {
  return variableNames.some((name) => inside === `.${name}`)
}
