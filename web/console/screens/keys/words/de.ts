import type en from './en.ts'

const de: typeof en = {
  keysLead:
    'Mit einem Schlüssel handelt ein Programm für diese Praxis. Es kann, was seine Rechte sagen, und sonst nichts.',
  keysNotSeen: 'Nur Admins und Inhaber sehen die API-Schlüssel.',
  noKeys: 'Es gibt noch keinen Schlüssel.',
  newKey: 'Neuer Schlüssel',
  keyName: 'Name',
  keyNameHint: 'Damit man weiss, wo er verwendet wird.',
  scopes: 'Was er darf',
  makeKey: 'Schlüssel erstellen',
  lastUsed: (day) => `zuletzt verwendet am ${day}`,
  neverUsed: 'nie verwendet',
  expires: (day) => `endet am ${day}`,
  rotate: 'Ersetzen',
  revoked: 'Widerrufen',
  revokeTitle: (name) => `${name} widerrufen?`,
  revokeLead:
    'Programme, die ihn verwenden, werden ab jetzt abgewiesen. Das lässt sich nicht rückgängig machen.',
  secretTitle: 'Ihr neuer Schlüssel',
  secretLead:
    'Kopieren Sie ihn jetzt. Er wird nur dieses eine Mal gezeigt. Ein Schlüssel, den er ersetzt, gilt noch einen Tag.',
}

export default de
