// @ts-check

/** @typedef {'signup' | 'magiclink' | 'recovery' | 'invite' | 'email_change'} LinkType */

/** What the page says for each kind of mail. @type {Record<LinkType, { title: string, lead: string, button: string, done: string }>} */
export const kinds = {
  signup: {
    title: 'Confirm your address',
    lead: 'Press the button to confirm that this address is yours.',
    button: 'Confirm this address',
    done: 'Your address is confirmed.',
  },
  magiclink: {
    title: 'Sign in',
    lead: 'Press the button to sign in.',
    button: 'Sign in',
    done: 'You are signed in.',
  },
  recovery: {
    title: 'Choose a new password',
    lead: 'Press the button, and then choose a new password.',
    button: 'Go on',
    done: 'Your new password is saved.',
  },
  invite: {
    title: 'Your account',
    lead: 'Press the button, and then choose a password for your account.',
    button: 'Go on',
    done: 'Your password is saved.',
  },
  email_change: {
    title: 'Confirm your new address',
    lead: 'Press the button to confirm the change. The address changes when both mailboxes have confirmed it.',
    button: 'Confirm the change',
    done: 'Your new address is confirmed.',
  },
}

export const code = {
  title: 'Enter your code',
  lead: 'Enter the code of the mail, and the address to which it was sent.',
  done: 'Your address is confirmed.',
}

/** For a refusal of Auth. @param {number} status @param {string} errorCode */
export function refusal(status, errorCode) {
  if (errorCode === 'otp_expired' || errorCode === 'otp_disabled')
    return 'This was used already, or it is too old. Ask for a new mail.'
  if (errorCode === 'weak_password') return 'This password is too easy to guess. Choose a longer one.'
  if (errorCode === 'same_password') return 'This is your password already. Choose another one.'
  if (status === 429) return 'Too many attempts. Wait five minutes, and press the button again.'
  return 'That did not work. Wait a moment, and press the button again.'
}

export const working = 'One moment …'
export const choosePassword = 'Now choose a password.'
export const firstOfTwo =
  'This mailbox has confirmed the change. Now confirm it in the mail to the other address.'
