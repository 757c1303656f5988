// @ts-check
// Opening this page accepts nothing, so a scanner of mails may open it. A person signs in and presses the button.
import { acceptInvitation, confirm, Refused, signUp } from '../register/api.js'
import { askForAcceptance } from '../register/contract.js'
import { finish, handle, show } from '../register/forms.js'

const invitation = location.hash.slice(1)
let address = ''

handle('account', async ({ email = '', password = '' }) => {
  address = email
  if ((await signUp(email, password)) === 'signed in') await accept()
  else show('code')
})
handle('code', async ({ code = '' }) => {
  await confirm(address, code)
  await accept()
})

async function accept() {
  const { ref_id: tenant } = await acceptInvitation(invitation)
  // It is used up: neither a reload nor the history should show it.
  history.replaceState(null, '', location.pathname)
  try {
    await askForAcceptance(String(tenant), { show, end: finish })
  } catch (error) {
    // Not everybody who joins has a contract to accept.
    if (!(error instanceof Refused) || (error.status !== 403 && error.status !== 404)) throw error
    finish()
  }
}

show(/^tinv_[\w-]{20,100}$/.test(invitation) ? 'account' : 'lost')
