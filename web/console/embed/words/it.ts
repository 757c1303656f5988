export default {
  over: 'Questa vista è terminata. La pagina che la contiene deve richiederla di nuovo.',
  otherPortal: 'Questa vista è stata richiesta per altro da ciò che mostra.',
}
