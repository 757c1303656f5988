// @ts-check
// The page's own few words, in the languages in which its tenants write. A tenant's text is never translated.

const english = {
  skip: 'Skip to content',
  quiz: 'Take the assessment',
  booking: 'Book a conversation',
  site: 'Visit our website',
  welcome: 'Welcome',
  coach: 'Your coach',
  contact: 'Your contact',
  assessments: 'Assessments',
  poweredBy: 'Powered by Tenantry',
  unknownTitle: 'There is nothing here yet',
  unknownText:
    'We could not find a page at this address. Please check the link for a typing error, or ask whoever sent it to you for a new one.',
  troubleTitle: 'We cannot reach this page right now',
  troubleText:
    'Please check your internet connection. The page will come back by itself once you are online.',
  retry: 'Try again',
  retrying: 'Trying again …',
  stillTrouble: 'Still no luck. Please try again in a moment.',
}

/** @typedef {typeof english} Words */

/** @type {Record<string, Words>} */
const languages = {
  en: english,
  de: {
    skip: 'Zum Inhalt springen',
    quiz: 'Zum Assessment',
    booking: 'Gespräch buchen',
    site: 'Zur Website',
    welcome: 'Willkommen',
    coach: 'Ihr Coach',
    contact: 'Ihr Kontakt',
    assessments: 'Assessments',
    poweredBy: 'Powered by Tenantry',
    unknownTitle: 'Hier gibt es noch nichts',
    unknownText:
      'Unter dieser Adresse haben wir keine Seite gefunden. Bitte prüfen Sie den Link auf Tippfehler oder bitten Sie um einen neuen.',
    troubleTitle: 'Die Seite ist gerade nicht erreichbar',
    troubleText:
      'Bitte prüfen Sie Ihre Internetverbindung. Sobald Sie online sind, erscheint die Seite von selbst.',
    retry: 'Erneut versuchen',
    retrying: 'Neuer Versuch …',
    stillTrouble: 'Es klappt noch nicht. Bitte versuchen Sie es gleich noch einmal.',
  },
  fr: {
    skip: 'Aller au contenu',
    quiz: 'Commencer l’évaluation',
    booking: 'Réserver un entretien',
    site: 'Visiter notre site',
    welcome: 'Bienvenue',
    coach: 'Votre coach',
    contact: 'Votre contact',
    assessments: 'Évaluations',
    poweredBy: 'Propulsé par Tenantry',
    unknownTitle: 'Il n’y a encore rien ici',
    unknownText: 'Aucune page ne se trouve à cette adresse. Vérifiez le lien ou demandez-en un nouveau.',
    troubleTitle: 'Cette page est momentanément inaccessible',
    troubleText:
      'Vérifiez votre connexion internet. La page reviendra d’elle-même dès que vous serez en ligne.',
    retry: 'Réessayer',
    retrying: 'Nouvel essai …',
    stillTrouble: 'Toujours rien. Veuillez réessayer dans un instant.',
  },
  es: {
    skip: 'Ir al contenido',
    quiz: 'Hacer la evaluación',
    booking: 'Reservar una conversación',
    site: 'Visitar nuestra web',
    welcome: 'Te damos la bienvenida',
    coach: 'Tu coach',
    contact: 'Tu contacto',
    assessments: 'Evaluaciones',
    poweredBy: 'Con la tecnología de Tenantry',
    unknownTitle: 'Aquí todavía no hay nada',
    unknownText: 'No encontramos ninguna página en esta dirección. Revisa el enlace o pide uno nuevo.',
    troubleTitle: 'Ahora mismo no podemos mostrar esta página',
    troubleText: 'Revisa tu conexión a internet. La página volverá sola cuando tengas conexión.',
    retry: 'Reintentar',
    retrying: 'Reintentando …',
    stillTrouble: 'Todavía no funciona. Inténtalo de nuevo en un momento.',
  },
  it: {
    skip: 'Vai al contenuto',
    quiz: 'Inizia la valutazione',
    booking: 'Prenota un colloquio',
    site: 'Visita il nostro sito',
    welcome: 'Ti diamo il benvenuto',
    coach: 'Il tuo coach',
    contact: 'Il tuo contatto',
    assessments: 'Valutazioni',
    poweredBy: 'Realizzato con Tenantry',
    unknownTitle: 'Qui non c’è ancora nulla',
    unknownText:
      'Non abbiamo trovato nessuna pagina a questo indirizzo. Controlla il link o chiedine uno nuovo.',
    troubleTitle: 'Al momento la pagina non è raggiungibile',
    troubleText: 'Controlla la connessione a internet. La pagina tornerà da sola appena sarai online.',
    retry: 'Riprova',
    retrying: 'Nuovo tentativo …',
    stillTrouble: 'Ancora niente. Riprova tra un momento.',
  },
}

/**
 * @param {readonly string[]} wanted BCP 47 tags, best first
 * @returns {{ language: string, words: Words }} English if the page knows none of them
 */
export function chooseWords(wanted) {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0] ?? ''
    const words = Object.hasOwn(languages, language) ? languages[language] : undefined
    if (words) return { language, words }
  }
  return { language: 'en', words: english }
}
