import { html } from 'hono/html'
import type { Message } from '../message.ts'
import type { MailSummary } from '../store.ts'

type Html = ReturnType<typeof html>

export function listPage(mails: MailSummary[], to: string): Html {
  const heading = to ? html`<h1>Mail to ${to}</h1>` : html`<h1>Mail</h1>`
  const none = to
    ? html`<p>No mail to this address is here.</p>`
    : html`<p>No mail has come yet. What this stack sends to anybody arrives here, and nowhere else.</p>`
  return layout(
    to ? `Mail to ${to}` : 'Mail',
    html`<header>
${heading}
<form class="search" role="search"><label>To <input type="search" name="to" value="${to}" autocomplete="off" spellcheck="false"></label><button>Show</button></form>
</header>
<p id="news" role="status" data-newest="${mails[0]?.id ?? ''}" data-to="${to}"></p>
${mails.length === 0 ? none : html`<ol class="mails">${mails.map(row)}</ol>`}
${to || mails.length === 0 ? '' : deleteAll(mails.length)}`,
  )
}

function row(mail: MailSummary): Html {
  return html`<li><a href="/messages/${mail.id}">${mail.subject || '(no subject)'}</a>
<span class="to">to ${mail.to.join(', ')}</span> ${moment(mail)}</li>
`
}

function deleteAll(count: number): Html {
  return html`<details><summary>Delete all</summary>
<form method="post" action="/delete-all"><button class="danger">Delete ${count === 1 ? 'the one message' : `all ${count} messages`}</button></form></details>`
}

export function messagePage(mail: MailSummary, message: Message): Html {
  const subject = mail.subject || '(no subject)'
  return layout(
    subject,
    html`<header><p><a href="/">All mail</a></p>
<h1>${subject}</h1>
<dl>
<dt>From</dt><dd>${mail.from || '(nobody)'}</dd>
<dt>To</dt><dd>${mail.to.map((to, at) => html`${at ? ', ' : ''}<a href="/?to=${encodeURIComponent(to)}">${to}</a>`)}</dd>
<dt>Received</dt><dd>${moment(mail)}</dd>
</dl></header>
${message.codes.length + message.links.length === 0 ? '' : found(message)}
${
  message.html === null
    ? ''
    : html`<section aria-labelledby="html"><h2 id="html">Message</h2>
<iframe title="The message as HTML" src="/messages/${mail.id}/html" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe></section>`
}
<section aria-labelledby="text"><h2 id="text">${message.html === null ? 'Message' : 'As text'}</h2><pre tabindex="0">${message.text}</pre></section>
${message.attachments.length === 0 ? '' : attachments(message)}
<p><a href="/messages/${mail.id}/raw">Raw message</a> (${mail.size} bytes)</p>
<details><summary>Headers</summary><dl class="headers">${message.headers.map(({ name, value }) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></details>
<form method="post" action="/messages/${mail.id}/delete"><button class="danger">Delete this message</button></form>`,
  )
}

/** Each in a field, where it can be selected whole also without a script. */
function found({ codes, links }: Message): Html {
  return html`<section aria-labelledby="found"><h2 id="found">Codes and links</h2><ul class="found">
${codes.map((code, at) => html`<li><label>Code <input readonly value="${code}" id="code-${at}"></label><button type="button" data-copies="code-${at}" hidden>Copy<span class="unseen"> the code ${code}</span></button></li>`)}
${links.map((link, at) => html`<li><a href="${link}" target="_blank" rel="noopener noreferrer">Open link ${at + 1}</a> <label><span class="unseen">Link ${at + 1}</span> <input readonly value="${link}" id="link-${at}"></label><button type="button" data-copies="link-${at}" hidden>Copy<span class="unseen"> link ${at + 1}</span></button></li>`)}
</ul></section>`
}

function attachments(message: Message): Html {
  return html`<section aria-labelledby="files"><h2 id="files">Attachments</h2><ul>${message.attachments.map(
    ({ filename, type, size }) =>
      html`<li>${filename || '(no name)'}, ${type}, ${size} bytes. It is in the raw message.</li>`,
  )}</ul></section>`
}

function moment({ received_at }: MailSummary): Html {
  return html`<time datetime="${received_at}">${received_at.slice(0, 19).replace('T', ' ')} UTC</time>`
}

export function missingPage(): Html {
  return layout(
    'Not here',
    html`<h1>Not here</h1><p>This message was deleted, or never was. <a href="/">All mail</a></p>`,
  )
}

function layout(title: string, body: Html): Html {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · local mailbox</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/mail.css">
<script type="module" src="/mail.js"></script>
<main>${body}</main>
</html>
`
}
