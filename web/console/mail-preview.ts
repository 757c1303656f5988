// A mail as its reader gets it. It is whatever somebody wrote, so it is shown in a sandbox, where nothing runs and no link
// leads anywhere. A frame made of a blob is under the policy of the page that made it, so this page allows the styles in
// attributes that mails are made with, and the rest of the console does not.
import { onPreview } from './preview-messages.ts'

const frame = document.querySelector<HTMLIFrameElement>('#mail')!
let shown = ''

onPreview('mail', ({ html, subject }) => {
  URL.revokeObjectURL(shown)
  shown = URL.createObjectURL(new Blob([html], { type: 'text/html;charset=utf-8' }))
  frame.src = shown
  frame.title = subject
})
