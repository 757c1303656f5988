import type { Coach } from '../database/seed.ts'
import type { StackFile } from '../secrets.ts'

/** The one line of --json. */
export interface MachineLine {
  api_url: string
  db_url: string
  publishable_key: string
  secret_key: string
  /** Where the mail that the stack sends is shown, and the port on which it is received. */
  mail_url: string
  smtp_port: number
  /** Where the local language model is asked. */
  llm_url: string
  /** What stands for Meta's Graph API, and where the phones are that WhatsApp messages reach. */
  whatsapp_url: string
  phone_url: string
  /** What stands for Safaricom's Daraja, and shows the phones that M-Pesa rings. */
  mpesa_url: string
  data_dir: string
  coaches: Coach[]
  /** Who runs the platform. */
  operator?: Coach
}

/** The slug of the platform's own tenant. */
const platform = 'tenantry'

export function machineLine(file: StackFile, dataDir: string, owners: Coach[]): MachineLine {
  const operator = owners.find(({ tenant_slug }) => tenant_slug === platform)
  return {
    api_url: file.api_url ?? '',
    db_url: file.db_url ?? '',
    publishable_key: file.publishable_key,
    secret_key: file.secret_key,
    mail_url: file.runtime ? `http://mail.localhost:${file.runtime.api_port}/` : '',
    smtp_port: file.runtime?.smtp_port ?? 0,
    llm_url: file.runtime ? `http://127.0.0.1:${file.runtime.llm_port}/v1` : '',
    whatsapp_url: file.runtime ? `http://127.0.0.1:${file.runtime.whatsapp_port}` : '',
    phone_url: file.runtime ? `http://phone.localhost:${file.runtime.api_port}/` : '',
    mpesa_url: file.runtime ? `http://127.0.0.1:${file.runtime.mpesa_port}` : '',
    data_dir: dataDir,
    coaches: owners.filter(({ tenant_slug }) => tenant_slug !== platform),
    ...(operator && { operator }),
  }
}

/** How long it runs. */
export function describeStay(stays: boolean): string {
  return stays
    ? 'It stays when whoever started it is gone. "npm run stop" stops it; data stays.'
    : 'Ctrl-C or "npm run stop" stops it; data stays.'
}

/** What a person needs to go on. */
export function describe(line: MachineLine): string {
  const port = new URL(line.api_url).port
  const coach =
    line.coaches.find(({ tenant_slug }) => tenant_slug === 'leadingwithmeaning') ?? line.coaches[0]
  const rows = [
    ['API', line.api_url],
    ['Console', `http://console.localhost:${port}/`],
  ]
  if (coach) {
    rows.push(['Branded page', `http://${coach.tenant_slug}.localhost:${port}/`])
    rows.push(['Its coach', `${coach.email}  password ${coach.password}`])
  }
  if (line.operator) {
    const { email, password } = line.operator
    rows.push([
      'Operator',
      `${email}  password ${password}  (/operator of the console sets up a second factor)`,
    ])
  }
  rows.push([
    'Registration',
    `${line.api_url}/register/  (how a stranger becomes a tenant; a local provider takes the payment)`,
  ])
  rows.push(['Mailbox', `${line.mail_url}  (what the stack mails; SMTP on port ${line.smtp_port})`])
  rows.push([
    'Language model',
    `${line.llm_url}  (a local one that writes samples; OpenAI's and Anthropic's formats)`,
  ])
  rows.push([
    'Phone',
    `${line.phone_url}  (shows what is sent by WhatsApp, and can answer; SMS are at ${line.phone_url}sms; the API is ${line.whatsapp_url})`,
  ])
  rows.push(['M-Pesa', `${line.mpesa_url}  (a local one: shows the phones that it rings; no money is moved)`])
  rows.push(['Publishable key', line.publishable_key])
  rows.push(['Secret key', line.secret_key])
  rows.push(['Database', line.db_url])
  rows.push(['Data', line.data_dir])
  return rows.map(([name, value]) => `  ${name!.padEnd(16)} ${value}`).join('\n')
}
