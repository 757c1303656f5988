export default {
  title: 'Invitation',
  offer: (tenant: string, role: string) => `You are invited to ${tenant}, as: ${role}.`,
  until: (day: string) => `The invitation is open until ${day}.`,
  sentTo: (hint: string) => `It was sent to ${hint}.`,
  signedInAs: (email: string) => `You are signed in as ${email}.`,
  accept: 'Accept the invitation',
  other: 'Use another account',
  lost: 'This link is not whole, or it was used. Open the link of the mail again, or ask for a new invitation.',
}
