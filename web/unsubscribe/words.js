// @ts-check

/** @typedef {{ title: string, lead: (tenant: string, address: string) => string, button: string, doneTitle: string, done: string, lostTitle: string, lost: string, failed: string }} Words */

/** @type {Record<string, Words>} */
const languages = {
  en: {
    title: 'Unsubscribe',
    lead: (tenant, address) =>
      `Press the button, and ${tenant} sends no more mails to ${address}, but those without which something stops working.`,
    button: 'Send no more mails',
    doneTitle: 'You are unsubscribed',
    done: 'You can close this page.',
    lostTitle: 'This link is not whole',
    lost: 'Open the link of the mail again. If the mail is old, the link may have ended.',
    failed: 'That did not work. Wait a moment, and try again.',
  },
  de: {
    title: 'Abbestellen',
    lead: (tenant, address) =>
      `Drücke den Knopf, und ${tenant} schickt keine Mails mehr an ${address}, ausser solchen, ohne die etwas nicht mehr geht.`,
    button: 'Keine Mails mehr schicken',
    doneTitle: 'Du bekommst keine Mails mehr',
    done: 'Du kannst diese Seite schliessen.',
    lostTitle: 'Dieser Link ist nicht ganz',
    lost: 'Öffne den Link der Mail noch einmal. Ist die Mail alt, gilt der Link vielleicht nicht mehr.',
    failed: 'Das ging nicht. Warte einen Moment, und versuche es noch einmal.',
  },
  fr: {
    title: 'Se désabonner',
    lead: (tenant, address) =>
      `Appuyez sur le bouton, et ${tenant} n’envoie plus de messages à ${address}, sauf ceux sans lesquels quelque chose ne marche plus.`,
    button: 'Ne plus envoyer de messages',
    doneTitle: 'Vous êtes désabonné',
    done: 'Vous pouvez fermer cette page.',
    lostTitle: 'Ce lien est incomplet',
    lost: 'Ouvrez encore une fois le lien du message. S’il est ancien, le lien n’est peut-être plus valable.',
    failed: 'Cela n’a pas marché. Attendez un instant, et réessayez.',
  },
}

/** In the first of these languages that the page speaks. @param {readonly string[]} wanted */
export function wordsFor(wanted) {
  const language = wanted.map((tag) => tag.slice(0, 2)).find((tag) => tag in languages) ?? 'en'
  return { language, words: /** @type {Words} */ (languages[language]) }
}
