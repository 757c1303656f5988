import type en from './en.ts'

const fr: typeof en = {
  isolation: 'Cloisonnement',
  isolationLead:
    'Votre navigateur demande à la plateforme, en votre nom, ce qui appartient à d’autres cabinets. Ce qui revient est listé ici.',
  ask: 'Demander ce qui n’est pas à vous',
  askLead:
    'Chaque relation de l’API de données est interrogée sur les lignes de cabinets dont vous ne faites pas partie. La liste vient de la base elle-même : aucune ne manque.',
  othersHandle: 'Identifiant d’un autre cabinet',
  othersHandleHint:
    'Peut rester vide. Sinon, chaque route qui lit un cabinet est interrogée sur celui-ci et sur un identifiant que personne n’a. Les deux réponses doivent être égales : ainsi personne n’apprend qui est client ici. Les refus figurent dans le journal de ce cabinet.',
  askNow: 'Demander',
  asked: 'Ce qui a été demandé',
  noneFound: (n) => `${n} demandes, et aucune n’a rien donné d’autrui.`,
  someFound: (n) => `${n} ont donné ce qui n’est pas à vous. Prévenez aussitôt la plateforme.`,
  someUnanswered: (n) => `${n} sont restées sans réponse. Demandez encore.`,
  outcome: {
    relation: {
      nothing: 'aucune ligne',
      refused: 'refusé',
      found: 'a des lignes d’autrui',
      unanswered: 'sans réponse',
    },
    route: {
      nothing: 'rien',
      refused: 'refusé, comme pour un identifiant que personne n’a',
      found: 'révèle quelque chose',
      unanswered: 'sans réponse',
    },
  },
}
export default fr
