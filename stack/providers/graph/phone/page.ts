import { html } from 'hono/html'

/** The page. What is on it comes with phone.js, because it changes all the time. */
export function phonePage() {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Local phone</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/phone.css">
<script type="module" src="/phone.js"></script>
<main>
<header>
<div class="title"><h1>Local phone</h1> <a href="/sms">SMS</a> <button type="button" id="add-contact">New contact</button></div>
<p class="honest">A page of this machine: what it writes reaches the bot here, and nothing reaches WhatsApp.</p>
<noscript><p>The phone needs JavaScript.</p></noscript>
<div class="who">
<label>Writes to <select id="number"></select></label>
<label>As <select id="contact"></select></label>
</div>
<details id="about"><summary>About this number</summary>
<p>What a bot needs in order to use it. These keys are of no use anywhere else.</p>
<dl id="keys"></dl>
<form id="callback">
<label>Callback <input name="callback_url" type="url" required autocomplete="off" spellcheck="false" placeholder="http://127.0.0.1:54321/…"></label>
<label>Verify token <input name="verify_token" required autocomplete="off" spellcheck="false"></label>
<button>Connect</button>
<p id="callback-state" role="status"></p>
</form>
<p><button type="button" id="add-number">Another number</button></p>
</details>
<p id="window" class="small"></p>
</header>
<div id="messages" role="log" aria-label="Messages" aria-relevant="additions" tabindex="0"></div>
<p id="state" role="status" class="small"></p>
<form id="composer">
<label class="unseen" for="text">Message</label>
<textarea id="text" rows="2" maxlength="4096" placeholder="Message" required></textarea>
<button>Send</button>
<div class="extras">
<label class="button">Picture or file<input type="file" id="file" class="unseen"></label>
<button type="button" id="add-place">Location</button>
</div>
</form>
</main>
<dialog id="contact-dialog" aria-labelledby="contact-heading"><form method="dialog">
<h2 id="contact-heading">New contact</h2>
<label>Name <input name="name" required maxlength="100" autocomplete="off"></label>
<label>Number, with its country <input name="phone" required inputmode="tel" pattern="\\+?[1-9][0-9 ]{6,18}" autocomplete="off"></label>
<label class="check"><input type="checkbox" name="hides_number"> Has a user name, and hides the number from businesses</label>
<p class="actions"><button value="ok">Add</button> <button value="" formnovalidate>Cancel</button></p>
</form></dialog>
<dialog id="place-dialog" aria-labelledby="place-heading"><form method="dialog">
<h2 id="place-heading">Location</h2>
<label>Latitude <input name="latitude" type="number" step="any" min="-90" max="90" required></label>
<label>Longitude <input name="longitude" type="number" step="any" min="-180" max="180" required></label>
<label>Name of the place <input name="name" maxlength="100" autocomplete="off"></label>
<p class="actions"><button value="ok">Send the location</button> <button value="" formnovalidate>Cancel</button></p>
</form></dialog>
</html>
`
}
