import type en from './en.ts'

const fr: typeof en = {
  readOnly: 'Seuls les admins et les propriétaires peuvent modifier la marque.',
  brandLead: 'Ce que les visiteurs voient de vous : sur votre page, dans le quiz et dans les e-mails.',
  preview: 'Aperçu',
  previewTitle: 'Votre page, comme les visiteurs la verront',
  light: 'Clair',
  dark: 'Sombre',
  noPage: 'Votre page est désactivée. Les visiteurs ne voient rien.',
  basics: 'L’essentiel',
  displayName: 'Nom',
  tagline: 'Slogan',
  pageIsOn: 'Les visiteurs peuvent voir la page',
  colors: 'Couleurs',
  color: {
    primary: 'Couleur principale',
    primary_hover: 'Couleur principale sous le pointeur',
    secondary: 'Deuxième couleur',
    accent: 'Accent',
    background: 'Fond',
    background_subtle: 'Fond des cartes',
    text: 'Texte',
    text_muted: 'Texte discret',
    border: 'Lignes',
  },
  noColor: 'choisie par la page',
  clear: (what) => `Retirer : ${what}`,
  pick: (what) => `Choisir : ${what}`,
  fonts: 'Polices',
  headingFont: 'Titres',
  bodyFont: 'Texte',
  coach: 'Coach',
  coachName: 'Nom du coach',
  coachTitle: 'Titre du coach',
  links: 'Liens',
  websiteUrl: 'Site web',
  bookingUrl: 'Rendez-vous',
  messages: 'Messages',
  welcome: 'Bienvenue',
  completion: 'Après le quiz',
  saved: 'Enregistré. Les visiteurs le voient dans la minute.',
  discard: 'Abandonner les modifications',
  changed: (count) =>
    count === 1
      ? 'Une modification n’est pas enregistrée.'
      : `${count} modifications ne sont pas enregistrées.`,
  conflictTitle: 'Quelqu’un d’autre a modifié la marque',
}

export default fr
