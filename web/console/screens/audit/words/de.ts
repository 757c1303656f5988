import type en from './en.ts'

const de: typeof en = {
  auditLead: 'Was hier getan wurde, von wem und von wo. Zeilen kommen nur dazu.',
  auditNotSeen: 'Nur Admins und Inhaber sehen das Protokoll.',
  entries: 'Einträge',
  noEntries: 'Es gibt keinen solchen Eintrag.',
  action: 'Was getan wurde',
  any: 'Alle',
  outcome: 'Ausgang',
  done: 'Getan',
  refusedOrFailed: 'Abgewiesen oder gescheitert',
  actor: 'Wer',
  target: 'Woran',
  request: 'Anfrage',
  since: 'Von',
  until: 'Bis',
  actorType: {
    user: 'Eine Person',
    api_key: 'API-Schlüssel',
    portal_token: 'Eine Seite im Rahmen',
    service: 'Der Dienst',
    system: 'Das System',
    operator: 'Die Plattform',
    anonymous: 'Jemand Unbekanntes',
  },
  exportCsv: 'Als CSV exportieren',
  exportJsonLines: 'Als JSON Lines exportieren',

  entryNumber: 'Nummer',
  when: 'Wann',
  targetType: 'Art der Sache',
  product: 'Produkt',
  description: 'Beschreibung',
  component: 'Auf dem Weg',
  address: 'Adresse',
  program: 'Programm',
  hash: 'Hash',
  prevHash: 'Hash des Eintrags davor',
  changes: 'Was sich änderte',
  details: 'Einzelheiten',

  check: 'Protokoll prüfen',
  checkLead:
    'Jeder Eintrag hat einen Hash von allem, was er sagt, und vom Eintrag davor. Diese Seite liest das ganze Protokoll und rechnet jeden Hash neu, in Ihrem Browser.',
  checkpoint: 'Ihr Kontrollpunkt',
  checkpointHint: 'Die Zeile, die Ihnen eine frühere Prüfung gab. Beim ersten Mal bleibt das leer.',
  noCheckpoint: 'Das ist kein Kontrollpunkt. Er sieht so aus: {"tenant":"…","seq":12,"hash":"…"}.',
  otherTenant: 'Dieser Kontrollpunkt ist von einer anderen Praxis.',
  startCheck: 'Beginnen',
  stop: 'Anhalten',
  progress: (rows, of) => `${rows} von ${of} Einträgen`,
  intact: (rows) => `Alle ${rows} Einträge sind so, wie sie geschrieben wurden.`,
  asKept: (seq) => `Bis Eintrag ${seq} ist es das Protokoll Ihres Kontrollpunkts.`,
  withoutCheckpoint:
    'Ohne Kontrollpunkt sähe ein Protokoll, das im Ganzen neu geschrieben wurde, gleich aus.',
  keepThis:
    'Bewahren Sie diese Zeile dort auf, wo niemand schreiben kann, der die Datenbank betreibt. Die nächste Prüfung braucht sie.',
  broken: 'Das Protokoll ist nicht so, wie es geschrieben wurde.',
  brokenAt: (seq) => `Das Protokoll ist nicht so, wie es geschrieben wurde: Eintrag ${seq}.`,
  holdsUntil: (seq) => `Bis Eintrag ${seq} stimmt es.`,
  seeEntry: 'Diesen Eintrag sehen, wie er jetzt ist',
  problem: {
    gap: 'Der Eintrag fehlt.',
    hash_mismatch:
      'Er passt nicht zu seinem eigenen Hash. Etwas darin wurde geändert, oder er steht nicht, wo er stand.',
    payload_mismatch: 'Was er von der Änderung sagt, passt nicht zum Hash davon.',
    wrong_prev: 'Er folgt nicht auf den Eintrag davor. Jener wurde ersetzt, oder dieser gefälscht.',
    tail_cut: 'Dieser Eintrag und alle danach fehlen.',
    beyond_head: 'Er wurde hinter das Ende des Protokolls gesetzt.',
    head_mismatch: 'Er ist der letzte, und nicht der, der zuletzt geschrieben wurde.',
    head_missing: 'Das Ende des Protokolls ist nicht mehr bekannt.',
    checkpoint_mismatch:
      'Er ist nicht der Eintrag Ihres Kontrollpunkts. Das Protokoll wurde neu geschrieben.',
    checkpoint_missing: 'Der Eintrag Ihres Kontrollpunkts fehlt. Das Protokoll wurde gekürzt.',
  },
}

export default de
