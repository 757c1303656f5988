export default {
  title: 'Contract',
  lead: 'What you and we agree on. The practice opens when it is accepted.',
  making: 'The contract is being made …',
  read: 'Read the contract (PDF)',
  agree: 'I have read the contract and agree to it.',
  accept: 'Accept the contract',
  accepted: (day: string) => `It was accepted on ${day}.`,
}
