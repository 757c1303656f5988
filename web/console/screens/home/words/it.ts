import type en from './en.ts'

const it: typeof en = {
  trialEnds: (day) => `la prova finisce il ${day}`,
  toDo: 'Che cosa c’è da fare',
  nothingToDo: 'Non c’è niente da fare.',
  goThere: 'Vai',
  severity: { error: 'Urgente', warning: 'Presto', info: 'Quando hai tempo' },
  finding: {
    domain_not_verified:
      'Un dominio non è ancora verificato, quindi non mostra nessuna pagina. Inserisca il suo record presso il provider DNS.',
    domain_lost: 'Un dominio non mostra più la pagina. Controlli i suoi record e lo verifichi di nuovo.',
    domain_record_missing:
      'Il record di un dominio verificato è sparito. Dopo tre giorni il dominio è perso.',
    brand_warning: 'I visitatori non vedono una parte del marchio come era intesa.',
    llm_provider_refusing:
      'Il Suo modello linguistico rifiuta le impostazioni, quindi si usa quello della piattaforma.',
    invitation_pending: 'Un invito non è ancora stato accettato.',
    identity_provider_failing: 'L’ultimo controllo dell’accesso aziendale ha trovato un errore.',
    certificate_ending:
      'L’ultimo certificato dell’accesso aziendale scade presto, o è scaduto. Allora nessuno accede più così.',
    api_key_ending: 'Una chiave API scade presto. La sostituisca.',
    contract_to_accept: 'Un contratto aspetta un amministratore. Finché non è accettato, lo studio è chiuso.',
    trial_ending: 'La prova finisce presto. Poi lo studio si può solo leggere.',
    trial_ended: 'La prova è finita e lo studio si può solo leggere. Senza un piano viene congelato.',
    tenant_frozen: 'Lo studio è congelato e si può solo leggere. Verrà archiviato.',
    limit_near: 'È usato quasi tutto ciò che il piano permette.',
    limit_reached: 'È usato tutto ciò che il piano permette. Non se ne può creare altro.',
    plan_excess: 'Lo studio ha più di quanto il piano permette. Il più recente è disattivato.',
    notification_provider_refusing:
      'Un fornitore di messaggi rifiuta le impostazioni, quindi manda quello della piattaforma.',
    message_unsettled: 'Nessuno sa se un messaggio a un telefono è partito. Chiedete al suo fornitore.',
    endpoint_failing:
      'Un endpoint webhook non funziona. Dopo cinque giorni senza successo viene disattivato.',
    endpoint_disabled:
      'Un endpoint webhook è stato disattivato, perché il destinatario non funzionava o lo ha chiesto.',
  },
}

export default it
