import type en from './en.ts'

const fr: typeof en = {
  trialEnds: (day) => `l’essai se termine le ${day}`,
  toDo: 'Ce qu’il faut faire',
  nothingToDo: 'Il n’y a rien à faire.',
  goThere: 'Y aller',
  severity: { error: 'Urgent', warning: 'Bientôt', info: 'Quand vous aurez le temps' },
  finding: {
    domain_not_verified:
      'Un domaine n’est pas encore vérifié, il ne montre donc aucune page. Ajoutez son enregistrement chez le fournisseur DNS.',
    domain_lost:
      'Un domaine ne montre plus la page. Contrôlez ses enregistrements, et vérifiez-le de nouveau.',
    domain_record_missing:
      'L’enregistrement d’un domaine vérifié a disparu. Après trois jours le domaine est perdu.',
    brand_warning: 'Les visiteurs ne voient pas une partie de la marque comme prévu.',
    llm_provider_refusing:
      'Votre modèle de langage refuse ses paramètres, celui de la plateforme est donc utilisé.',
    invitation_pending: 'Une invitation n’a pas encore été acceptée.',
    identity_provider_failing: 'La dernière vérification de la connexion d’entreprise a trouvé une erreur.',
    certificate_ending:
      'Le dernier certificat de la connexion d’entreprise expire bientôt, ou a expiré. Plus personne ne se connecte alors ainsi.',
    api_key_ending: 'Une clé d’API expire bientôt. Remplacez-la.',
    contract_to_accept: 'Un contrat attend un administrateur. Jusqu’à son acceptation, le cabinet est fermé.',
    trial_ending: 'L’essai se termine bientôt. Ensuite le cabinet ne peut plus qu’être lu.',
    trial_ended: 'L’essai est terminé, le cabinet ne peut qu’être lu. Sans offre il sera gelé.',
    tenant_frozen: 'Le cabinet est gelé et ne peut qu’être lu. Il sera archivé.',
    limit_near: 'La plus grande partie de ce que permet l’offre est utilisée.',
    limit_reached: 'Tout ce que permet l’offre est utilisé. Rien de plus ne peut être créé.',
    plan_excess: 'Le cabinet a plus que ce que permet l’offre. Le plus récent est désactivé.',
    notification_provider_refusing:
      'Un fournisseur de messages refuse ses paramètres, celui de la plateforme envoie donc.',
    message_unsettled:
      'Personne ne sait si un message vers un téléphone est parti. Demandez à son prestataire.',
    endpoint_failing: 'Un point d’accès webhook échoue. Après cinq jours sans succès il est désactivé.',
    endpoint_disabled:
      'Un point d’accès webhook a été désactivé, car son destinataire a échoué ou l’a demandé.',
  },
}

export default fr
