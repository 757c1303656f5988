/** What a bot says about plans and payments. */
export interface SubscriptionWords {
  /** Before the numbered plans. */
  offer: (shop: string) => string
  /** Behind the numbered plans: how to choose. phone is the contact's own M-Pesa number. */
  choose: (phone: string | undefined) => string
  monthly: string
  once: string
  owned: string
  noPlans: (shop: string) => string
  held: (plan: string, until: string | undefined) => string
  ringing: (plan: string, price: string, phone: string) => string
  pending: string
  tooMany: string
  needsNumber: (choice: number) => string
  subscribed: (plan: string, until: string | undefined) => string
  failed: (plan: string, word: string) => string
  /** Why, put before `failed`. */
  reasons: Partial<Record<string, string>>
  unclear: (shop: string) => string
  expired: (plan: string, word: string) => string
  reminder: (plan: string, until: string, word: string) => string
}

const english: SubscriptionWords = {
  offer: (shop) => `The plans of ${shop}:`,
  choose: (phone) =>
    phone
      ? `Write the number of a plan to pay with ${phone} by M-Pesa. To pay with another number, write it behind: 1 0712345678`
      : 'Write the number of a plan and your M-Pesa number: 1 0712345678',
  monthly: 'a month',
  once: 'once',
  owned: 'yours',
  noPlans: (shop) => `${shop} has no plans now.`,
  held: (plan, until) => (until ? `You have ${plan} until ${until}.` : `You have ${plan}.`),
  ringing: (plan, price, phone) =>
    `${plan}, ${price}: M-Pesa asks for your PIN on ${phone} now. Nobody else ever needs the PIN.`,
  pending: 'A payment of yours is under way. You hear from us when it has ended.',
  tooMany: 'You have begun five payments today. Please try again tomorrow.',
  needsNumber: (choice) => `This is no M-Pesa number. Write it like this: ${choice} 0712345678`,
  subscribed: (plan, until) =>
    until
      ? `Thank you, it is paid. You have ${plan} until ${until}.`
      : `Thank you, it is paid. You have ${plan}.`,
  failed: (plan, word) => `${plan} was not paid. To try again, write ${word}.`,
  reasons: {
    insufficient_funds: 'There was not enough money in M-Pesa.',
    cancelled: 'You cancelled the payment.',
    no_answer: 'M-Pesa got no answer from the phone.',
    wrong_pin: 'The PIN was wrong.',
  },
  unclear: (shop) =>
    `We could not find out whether your payment went through. Somebody of ${shop} looks at it.`,
  expired: (plan, word) => `Your ${plan} has ended. To renew it, write ${word}.`,
  reminder: (plan, until, word) => `Your ${plan} ends on ${until}. To renew it, write ${word}.`,
}

const languages: Record<string, SubscriptionWords> = {
  en: english,
  sw: {
    offer: (shop) => `Mipango ya ${shop}:`,
    choose: (phone) =>
      phone
        ? `Andika namba ya mpango kulipa kwa M-Pesa ya ${phone}. Kulipa kwa namba nyingine, iandike baada yake: 1 0712345678`
        : 'Andika namba ya mpango na namba yako ya M-Pesa: 1 0712345678',
    monthly: 'kwa mwezi',
    once: 'mara moja',
    owned: 'unao',
    noPlans: (shop) => `${shop} haina mipango kwa sasa.`,
    held: (plan, until) => (until ? `Una ${plan} hadi ${until}.` : `Una ${plan}.`),
    ringing: (plan, price, phone) =>
      `${plan}, ${price}: M-Pesa inaomba PIN yako sasa kwenye ${phone}. Usimpe mtu mwingine PIN.`,
    pending: 'Malipo yako yanaendelea. Tutakujulisha yakikamilika.',
    tooMany: 'Umeanza malipo mara tano leo. Tafadhali jaribu tena kesho.',
    needsNumber: (choice) => `Hii si namba ya M-Pesa. Andika hivi: ${choice} 0712345678`,
    subscribed: (plan, until) =>
      until ? `Asante, umelipa. Una ${plan} hadi ${until}.` : `Asante, umelipa. Una ${plan}.`,
    failed: (plan, word) => `${plan} haijalipwa. Kujaribu tena, andika ${word}.`,
    reasons: {
      insufficient_funds: 'M-Pesa haina pesa za kutosha.',
      cancelled: 'Umeghairi malipo.',
      no_answer: 'M-Pesa haikupata jibu kutoka kwa simu.',
      wrong_pin: 'PIN haikuwa sahihi.',
    },
    unclear: (shop) => `Hatukuweza kujua kama malipo yako yamefika. Mtu wa ${shop} anaangalia.`,
    expired: (plan, word) => `${plan} yako imeisha. Kuirudisha, andika ${word}.`,
    reminder: (plan, until, word) => `${plan} yako inaisha ${until}. Kuiendeleza, andika ${word}.`,
  },
  de: {
    offer: (shop) => `Die Angebote von ${shop}:`,
    choose: (phone) =>
      phone
        ? `Schreib die Nummer eines Angebots, um mit ${phone} per M-Pesa zu zahlen. Für eine andere Nummer schreib sie dahinter: 1 0712345678`
        : 'Schreib die Nummer eines Angebots und deine M-Pesa-Nummer: 1 0712345678',
    monthly: 'im Monat',
    once: 'einmal',
    owned: 'hast du',
    noPlans: (shop) => `${shop} hat gerade keine Angebote.`,
    held: (plan, until) => (until ? `Du hast ${plan} bis ${until}.` : `Du hast ${plan}.`),
    ringing: (plan, price, phone) =>
      `${plan}, ${price}: M-Pesa fragt jetzt auf ${phone} nach deiner PIN. Sonst braucht sie niemand.`,
    pending: 'Eine Zahlung von dir läuft. Du hörst von uns, wenn sie beendet ist.',
    tooMany: 'Du hast heute fünf Zahlungen begonnen. Bitte versuche es morgen wieder.',
    needsNumber: (choice) => `Das ist keine M-Pesa-Nummer. Schreib sie so: ${choice} 0712345678`,
    subscribed: (plan, until) =>
      until
        ? `Danke, es ist bezahlt. Du hast ${plan} bis ${until}.`
        : `Danke, es ist bezahlt. Du hast ${plan}.`,
    failed: (plan, word) => `${plan} wurde nicht bezahlt. Für einen neuen Versuch schreib ${word}.`,
    reasons: {
      insufficient_funds: 'Bei M-Pesa war nicht genug Geld.',
      cancelled: 'Du hast die Zahlung abgebrochen.',
      no_answer: 'M-Pesa bekam vom Telefon keine Antwort.',
      wrong_pin: 'Die PIN war falsch.',
    },
    unclear: (shop) => `Wir wissen nicht, ob deine Zahlung angekommen ist. Jemand von ${shop} sieht nach.`,
    expired: (plan, word) => `${plan} ist zu Ende. Zum Verlängern schreib ${word}.`,
    reminder: (plan, until, word) => `${plan} endet am ${until}. Zum Verlängern schreib ${word}.`,
  },
  fr: {
    offer: (shop) => `Les formules de ${shop} :`,
    choose: (phone) =>
      phone
        ? `Écrivez le numéro d’une formule pour payer avec ${phone} par M-Pesa. Pour un autre numéro, écrivez-le après : 1 0712345678`
        : 'Écrivez le numéro d’une formule et votre numéro M-Pesa : 1 0712345678',
    monthly: 'par mois',
    once: 'une fois',
    owned: 'à vous',
    noPlans: (shop) => `${shop} n’a pas de formule en ce moment.`,
    held: (plan, until) => (until ? `Vous avez ${plan} jusqu’au ${until}.` : `Vous avez ${plan}.`),
    ringing: (plan, price, phone) =>
      `${plan}, ${price} : M-Pesa demande maintenant votre code sur le ${phone}. Personne d’autre n’en a besoin.`,
    pending: 'Un paiement est en cours. Nous vous écrirons quand il sera terminé.',
    tooMany: 'Vous avez commencé cinq paiements aujourd’hui. Réessayez demain.',
    needsNumber: (choice) => `Ce n’est pas un numéro M-Pesa. Écrivez-le ainsi : ${choice} 0712345678`,
    subscribed: (plan, until) =>
      until
        ? `Merci, c’est payé. Vous avez ${plan} jusqu’au ${until}.`
        : `Merci, c’est payé. Vous avez ${plan}.`,
    failed: (plan, word) => `${plan} n’a pas été payé. Pour réessayer, écrivez ${word}.`,
    reasons: {
      insufficient_funds: 'Il n’y avait pas assez d’argent sur M-Pesa.',
      cancelled: 'Vous avez annulé le paiement.',
      no_answer: 'M-Pesa n’a pas eu de réponse du téléphone.',
      wrong_pin: 'Le code était faux.',
    },
    unclear: (shop) => `Nous ne savons pas si votre paiement est arrivé. Une personne de ${shop} vérifie.`,
    expired: (plan, word) => `${plan} est terminé. Pour renouveler, écrivez ${word}.`,
    reminder: (plan, until, word) => `${plan} se termine le ${until}. Pour renouveler, écrivez ${word}.`,
  },
  es: {
    offer: (shop) => `Los planes de ${shop}:`,
    choose: (phone) =>
      phone
        ? `Escriba el número de un plan para pagar con ${phone} por M-Pesa. Para otro número, escríbalo detrás: 1 0712345678`
        : 'Escriba el número de un plan y su número de M-Pesa: 1 0712345678',
    monthly: 'al mes',
    once: 'una vez',
    owned: 'suyo',
    noPlans: (shop) => `${shop} no tiene planes ahora.`,
    held: (plan, until) => (until ? `Tiene ${plan} hasta el ${until}.` : `Tiene ${plan}.`),
    ringing: (plan, price, phone) =>
      `${plan}, ${price}: M-Pesa pide ahora su PIN en ${phone}. Nadie más lo necesita.`,
    pending: 'Un pago suyo está en curso. Le avisaremos cuando termine.',
    tooMany: 'Hoy ha empezado cinco pagos. Inténtelo de nuevo mañana.',
    needsNumber: (choice) => `No es un número de M-Pesa. Escríbalo así: ${choice} 0712345678`,
    subscribed: (plan, until) =>
      until
        ? `Gracias, está pagado. Tiene ${plan} hasta el ${until}.`
        : `Gracias, está pagado. Tiene ${plan}.`,
    failed: (plan, word) => `${plan} no se pagó. Para intentarlo de nuevo, escriba ${word}.`,
    reasons: {
      insufficient_funds: 'No había dinero suficiente en M-Pesa.',
      cancelled: 'Usted canceló el pago.',
      no_answer: 'M-Pesa no tuvo respuesta del teléfono.',
      wrong_pin: 'El PIN era incorrecto.',
    },
    unclear: (shop) => `No sabemos si su pago llegó. Alguien de ${shop} lo mira.`,
    expired: (plan, word) => `${plan} ha terminado. Para renovarlo, escriba ${word}.`,
    reminder: (plan, until, word) => `${plan} termina el ${until}. Para renovarlo, escriba ${word}.`,
  },
  pt: {
    offer: (shop) => `Os planos de ${shop}:`,
    choose: (phone) =>
      phone
        ? `Escreva o número de um plano para pagar com ${phone} por M-Pesa. Para outro número, escreva-o a seguir: 1 0712345678`
        : 'Escreva o número de um plano e o seu número M-Pesa: 1 0712345678',
    monthly: 'por mês',
    once: 'uma vez',
    owned: 'seu',
    noPlans: (shop) => `${shop} não tem planos agora.`,
    held: (plan, until) => (until ? `Você tem ${plan} até ${until}.` : `Você tem ${plan}.`),
    ringing: (plan, price, phone) =>
      `${plan}, ${price}: a M-Pesa pede agora o seu PIN em ${phone}. Mais ninguém precisa dele.`,
    pending: 'Um pagamento seu está em curso. Avisamos quando terminar.',
    tooMany: 'Você começou cinco pagamentos hoje. Tente de novo amanhã.',
    needsNumber: (choice) => `Não é um número M-Pesa. Escreva-o assim: ${choice} 0712345678`,
    subscribed: (plan, until) =>
      until
        ? `Obrigado, está pago. Você tem ${plan} até ${until}.`
        : `Obrigado, está pago. Você tem ${plan}.`,
    failed: (plan, word) => `${plan} não foi pago. Para tentar de novo, escreva ${word}.`,
    reasons: {
      insufficient_funds: 'Não havia dinheiro suficiente na M-Pesa.',
      cancelled: 'Você cancelou o pagamento.',
      no_answer: 'A M-Pesa não teve resposta do telefone.',
      wrong_pin: 'O PIN estava errado.',
    },
    unclear: (shop) => `Não sabemos se o seu pagamento chegou. Alguém de ${shop} está a ver.`,
    expired: (plan, word) => `${plan} terminou. Para renovar, escreva ${word}.`,
    reminder: (plan, until, word) => `${plan} termina em ${until}. Para renovar, escreva ${word}.`,
  },
}

export function subscriptionWords(locale: string): SubscriptionWords {
  return languages[locale.slice(0, 2)] ?? english
}

/** A sum as it is said in Kenya: KES 1,500. */
export function sayPrice(amountMinor: number, currency: string): string {
  return `${currency} ${(amountMinor / 100).toLocaleString('en-KE')}`
}

/** A day as a contact reads it, in the time zone of the shop. */
export function sayDay(moment: string | Date, locale: string, timeZone: string): string {
  return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric', timeZone }).format(
    new Date(moment),
  )
}
