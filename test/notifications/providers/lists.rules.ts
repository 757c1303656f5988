import type { ListRules } from '../../kit/rules/lists.ts'

export default {
  'GET /notifications/providers': {
    noun: 'notification_providers',
    by: (row) => row.channel!,
    order: 'by kind',
    async fill({ make }) {
      const put = (channel: string, body: object) => make(`/notifications/providers/${channel}`, body, 'PUT')
      await put('email', { provider: 'sendgrid', secret: 'x', config: { from_email: 'ada@example.com' } })
      await put('sms', { provider: 'msg91', secret: 'x', config: { template_id: 'x' } })
      await put('whatsapp', {
        provider: 'whatsapp_business_api',
        secret: 'x',
        config: { phone_number_id: '10000', template: 'x' },
      })
    },
  },
} satisfies ListRules
