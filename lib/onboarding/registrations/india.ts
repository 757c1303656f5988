// The checks for India alone: the whole package loads those of eighty countries.
import { gstin, pan } from 'stdnum/lib/cjs/in/index.js'
import type { FieldError } from '../../db/index.ts'

/** The first two digits of a GSTIN, by state or territory (GST Council). Some have an older code as well. */
const stateCodes: Record<string, string[]> = {
  'Andaman and Nicobar Islands': ['35'],
  'Andhra Pradesh': ['37', '28'],
  'Arunachal Pradesh': ['12'],
  Assam: ['18'],
  Bihar: ['10'],
  Chandigarh: ['04'],
  Chhattisgarh: ['22'],
  'Dadra and Nagar Haveli and Daman and Diu': ['26', '25'],
  Delhi: ['07'],
  Goa: ['30'],
  Gujarat: ['24'],
  Haryana: ['06'],
  'Himachal Pradesh': ['02'],
  'Jammu and Kashmir': ['01'],
  Jharkhand: ['20'],
  Karnataka: ['29'],
  Kerala: ['32'],
  Ladakh: ['38'],
  Lakshadweep: ['31'],
  'Madhya Pradesh': ['23'],
  Maharashtra: ['27'],
  Manipur: ['14'],
  Meghalaya: ['17'],
  Mizoram: ['15'],
  Nagaland: ['13'],
  Odisha: ['21'],
  Puducherry: ['34'],
  Punjab: ['03'],
  Rajasthan: ['08'],
  Sikkim: ['11'],
  'Tamil Nadu': ['33'],
  Telangana: ['36'],
  Tripura: ['16'],
  'Uttar Pradesh': ['09'],
  Uttarakhand: ['05'],
  'West Bengal': ['19'],
}

/** What is wrong with a PAN. Only companies in India have one. */
export function panErrors(country: string, panNumber: string | null): FieldError[] {
  if (panNumber === null) return []
  if (country !== 'IN') return [{ pointer: '/pan_number', detail: 'is for companies in India' }]
  if (!pan.validate(panNumber).isValid) return [{ pointer: '/pan_number', detail: 'is not a PAN' }]
  return []
}

interface Location {
  state: string
  gst_number: string | null
}

/** What is wrong with a state and a GSTIN: its check digit, its state, and the PAN that it holds. */
export function locationErrors(
  country: string,
  panNumber: string | null,
  { state, gst_number }: Location,
): FieldError[] {
  const gstError = (detail: string): FieldError[] => [{ pointer: '/gst_number', detail }]
  if (country !== 'IN') return gst_number === null ? [] : gstError('is for companies in India')
  const codes = Object.hasOwn(stateCodes, state) ? stateCodes[state] : undefined
  if (!codes)
    return [{ pointer: '/state', detail: 'must be a state or territory of India, such as Karnataka' }]
  if (gst_number === null) return []
  if (!gstin.validate(gst_number).isValid) return gstError('is not a GSTIN: check each letter and digit')
  if (!codes.includes(gst_number.slice(0, 2))) return gstError(`is not a GSTIN of ${state}`)
  if (panNumber !== null && gst_number.slice(2, 12) !== panNumber) return gstError('holds another PAN')
  return []
}
