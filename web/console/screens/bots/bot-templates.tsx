import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { botTemplatesQuery } from '../../api/bot-templates.ts'
import { Button } from '../../parts/button.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { BotScreen } from './frame.tsx'
import { NewTemplate } from './new-template.tsx'
import { words } from './words/words.ts'

/** How a bot speaks. */
export function BotTemplates() {
  return (
    <BotScreen managedBy="write" notManaged={words.templatesByWriters}>
      {({ slug, bot, mayChange }) => <Listed slug={slug} bot={bot.ref_id} mayChange={mayChange} />}
    </BotScreen>
  )
}

function Listed({ slug, bot, mayChange }: { slug: string; bot: string; mayChange: boolean }) {
  const templates = useInfiniteQuery(botTemplatesQuery(slug, bot))
  const [isMaking, setMaking] = useState(false)
  if (!templates.data || isRefused(templates)) return <Pending queries={[templates]} />
  const listed = templates.data.pages.flatMap((page) => page.templates)
  return (
    <>
      <p>{words.templatesLead}</p>
      {listed.length === 0 && <p>{words.noTemplates}</p>}
      <List label={words.parts.templates}>
        {listed.map(({ ref_id, template_name, description, is_default, is_active }) => (
          <Row
            key={ref_id}
            label={template_name}
            main={
              <>
                <Link to="/t/$slug/bots/$bot/templates/$template" params={{ slug, bot, template: ref_id }}>
                  {template_name}
                </Link>
                {description && <Quiet>{description}</Quiet>}
              </>
            }
          >
            {is_default && <span>{words.isDefault}</span>}
            {!is_active && <span>{words.isNotUsed}</span>}
          </Row>
        ))}
      </List>
      <More pages={templates} />
      {mayChange && listed.length > 0 && (
        <p>
          <Button look="quiet" aria-expanded={isMaking} onClick={() => setMaking(!isMaking)}>
            {words.newTemplate}
          </Button>
        </p>
      )}
      {mayChange && (isMaking || listed.length === 0) && <NewTemplate slug={slug} bot={bot} />}
    </>
  )
}
