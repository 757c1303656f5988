import { useQuery } from '@tanstack/react-query'
import { pipelineQuery } from '../../api/campaigns.ts'
import { Card } from '../../parts/card.tsx'
import { Figures } from '../../parts/figures.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { numberOf, shareOf } from '../../parts/when.tsx'
import styles from './campaigns.module.css'
import { words } from './words/words.ts'

/** What became of those who came by a campaign, and what the test of its landing says. */
export function CampaignFigures({ slug, campaign }: { slug: string; campaign: string }) {
  const pipeline = useQuery(pipelineQuery(slug, campaign))
  if (!pipeline.data || isRefused(pipeline)) return <Pending queries={[pipeline]} />
  const { statuses, total, completed_share, converted_share, landing_variants } = pipeline.data
  const share = (of: number | null) => (of === null ? '–' : shareOf(of))
  const tested = landing_variants && landing_variants.personas.started + landing_variants.plain.started > 0
  return (
    <Card title={words.figures}>
      <Figures
        of={[
          [words.begun, numberOf(total - statuses.registered)],
          [words.completedOfAll, share(completed_share)],
          [words.convertedOfThose, share(converted_share)],
        ]}
      />
      {tested && (
        <table className={styles.variants}>
          <caption>{words.variantsLead}</caption>
          <thead>
            <tr>
              <td />
              <th scope="col">{words.begun}</th>
              <th scope="col">{words.completed}</th>
              <th scope="col">{words.converted}</th>
            </tr>
          </thead>
          <tbody>
            {(['personas', 'plain'] as const).map((variant) => {
              const { started, completed, converted } = landing_variants[variant]
              return (
                <tr key={variant}>
                  <th scope="row">{words.variant[variant]}</th>
                  <td>{numberOf(started)}</td>
                  <td>{numberOf(completed)}</td>
                  <td>{numberOf(converted)}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
    </Card>
  )
}
