import type en from './en.ts'

const es: typeof en = {
  isolation: 'Aislamiento',
  isolationLead:
    'Su navegador pide a la plataforma, en su nombre, lo que pertenece a otras consultas. Aquí se ve lo que devuelve.',
  ask: 'Pedir lo que no es suyo',
  askLead:
    'A cada relación de la API de datos se le piden filas de consultas a las que usted no pertenece. La lista sale de la propia base de datos: no falta ninguna.',
  othersHandle: 'Identificador de otra consulta',
  othersHandleHint:
    'Puede quedar vacío. Si no, a cada ruta que lee una consulta se le pide esa y un identificador que nadie tiene. Ambas respuestas deben ser iguales, para que nadie sepa quién es cliente aquí. Los rechazos quedan en el registro de esa consulta.',
  askNow: 'Pedir ahora',
  asked: 'Lo que se pidió',
  noneFound: (n) => `Se hicieron ${n} preguntas y ninguna dio nada de otros.`,
  someFound: (n) => `${n} dieron algo que no es suyo. Avise enseguida a la plataforma.`,
  someUnanswered: (n) => `${n} quedaron sin respuesta. Pregunte otra vez.`,
  outcome: {
    relation: {
      nothing: 'ninguna fila',
      refused: 'rechazado',
      found: 'tiene filas de otros',
      unanswered: 'sin respuesta',
    },
    route: {
      nothing: 'nada',
      refused: 'rechazado, como con un identificador que nadie tiene',
      found: 'revela algo',
      unanswered: 'sin respuesta',
    },
  },
}
export default es
