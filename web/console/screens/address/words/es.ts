import type en from './en.ts'

const es: typeof en = {
  addressNotManaged: 'Solo los admins y los propietarios cambian direcciones y dominios.',
  page: 'Tu página',
  pageOff: 'La página está desactivada. Los visitantes no ven nada en estas direcciones.',
  noPage: 'La página todavía no tiene dirección. Añade un dominio.',
  copyAddress: 'Copiar la dirección',
  alsoAt: 'También en',

  slug: 'Identificador',
  slugLabel: 'Identificador de esta consulta',
  slugHint: 'De 3 a 40 caracteres: de la a a la z, cifras y guiones. Es parte de la dirección de la página.',
  changeSlug: 'Cambiar el identificador',
  slugTitle: (from, to) => `¿Cambiar ${from} por ${to}?`,
  slugLead: (from) =>
    `La página y esta consola pasan a la dirección nueva. ${from} lleva allí durante 90 días y no se da a nadie más. En 90 días se pueden dejar cinco identificadores como máximo.`,

  domains: 'Dominios propios',
  domainsLead: 'Un dominio muestra tu página cuando dos registros de tu proveedor de DNS llevan aquí.',
  newDomain: 'Dominio nuevo',
  host: 'Dominio',
  hostHint: 'Por ejemplo quiz.example.com, sin https://. El mismo con www. está incluido.',
  addDomain: 'Añadir el dominio',
  domainStatus: {
    pending: 'Espera su registro',
    verified: 'Verificado',
    failed: 'Perdido: falta su registro',
  },
  primary: 'principal',
  overPlan: 'Desactivado: el plan no tiene sitio para él',
  missingSince: (day) => `Su registro falta desde el ${day}. A los tres días el dominio se pierde.`,
  records: 'Registros para tu proveedor de DNS',
  recordProof: '1. Demuestra que el dominio es tuyo',
  recordAddress: '2. Lleva a los visitantes a tu página',
  recordType: 'Tipo',
  recordName: 'Nombre',
  recordValue: 'Valor',
  copyName: 'Copiar el nombre',
  copyValue: 'Copiar el valor',
  apex: 'Un dominio sin parte delante, como example.com, no puede tener un CNAME. Tu proveedor lo llama ahí ALIAS, ANAME o flattening.',
  noTarget: 'Pregunta a quien opera esta plataforma adónde tiene que llevar el segundo registro, un CNAME.',
  checkNow: 'Comprobar ahora',
  makePrimary: 'Hacerlo principal',
  removeDomain: 'Quitar',
  removeDomainTitle: (host) => `¿Quitar ${host}?`,
  removeDomainLead:
    'Deja de mostrar tu página de inmediato. Quien demuestre que el dominio es suyo puede usarlo entonces.',
}

export default es
