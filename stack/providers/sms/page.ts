import { html } from 'hono/html'

/** The page of all SMS. What is on it comes with texts.js, because it changes all the time. */
export function textsPage() {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>SMS on this machine</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/phone.css">
<script type="module" src="/texts.js"></script>
<main>
<header>
<div class="title"><h1>SMS on this machine</h1> <a href="/">WhatsApp</a></div>
<p class="honest">What the stack sends to any number, codes too. Nothing leaves this machine.</p>
<noscript><p>The page needs JavaScript.</p></noscript>
<p id="none" class="small">Nothing was sent yet.</p>
</header>
<div id="messages" role="log" aria-label="SMS" tabindex="0"></div>
</main>
</html>
`
}
