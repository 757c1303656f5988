import { randomUUID } from 'node:crypto'

/** What a company in India fills in. The PAN stands inside the GSTIN, and its check digit is right. */
export const contact = () => ({
  country: 'IN',
  title: 'Ms.',
  first_name: 'Asha',
  last_name: 'Rao',
  email: `${randomUUID()}@example.com`,
  phone: '+1 202 555 0123',
})
export const company = (change: object = {}) => ({
  legal_name: 'Neem Tree Studios Private Limited',
  brand_name: `Neem Tree ${randomUUID().slice(0, 8)}`,
  pan_number: 'AAPFU0939F',
  ...change,
})
export const location = (change: object = {}) => ({
  state: 'Maharashtra',
  has_gst: true,
  gst_number: '27AAPFU0939F1ZV',
  ...change,
})
export const billing = (change: object = {}) => ({
  plan: 'professional',
  address: '12 Hill Road',
  city: 'Mumbai',
  postal_code: '400050',
  state: 'Maharashtra',
  country: 'IN',
  ...change,
})
