/** What a bot says by itself. */
interface Notices {
  /** A person will answer. */
  escalated: (shop: string) => string
  /** There were too many messages today. */
  limit: (shop: string) => string
}

const english: Notices = {
  escalated: (shop) => `Thank you. Somebody of ${shop} will answer you here.`,
  limit: (shop) => `You have written many messages today. Somebody of ${shop} will read them.`,
}

const languages: Record<string, Notices> = {
  en: english,
  de: {
    escalated: (shop) => `Danke. Jemand von ${shop} antwortet dir hier.`,
    limit: (shop) => `Du hast heute viele Nachrichten geschrieben. Jemand von ${shop} liest sie.`,
  },
  fr: {
    escalated: (shop) => `Merci. Une personne de ${shop} vous répondra ici.`,
    limit: (shop) => `Vous avez écrit beaucoup de messages aujourd’hui. Une personne de ${shop} les lira.`,
  },
  es: {
    escalated: (shop) => `Gracias. Alguien de ${shop} le responderá aquí.`,
    limit: (shop) => `Hoy ha escrito muchos mensajes. Alguien de ${shop} los leerá.`,
  },
  pt: {
    escalated: (shop) => `Obrigado. Alguém de ${shop} responderá aqui.`,
    limit: (shop) => `Você escreveu muitas mensagens hoje. Alguém de ${shop} vai lê-las.`,
  },
  sw: {
    escalated: (shop) => `Asante. Mtu wa ${shop} atakujibu hapa.`,
    limit: (shop) => `Umeandika ujumbe mwingi leo. Mtu wa ${shop} atausoma.`,
  },
}

export function noticesOf(locale: string): Notices {
  return languages[locale.slice(0, 2)] ?? english
}
