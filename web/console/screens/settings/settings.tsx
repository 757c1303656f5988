import { Link } from '@tanstack/react-router'
import { Screen } from '../../parts/screen.tsx'
import { Export } from './export.tsx'
import { General } from './general.tsx'
import { Life } from './life.tsx'
import { Products } from './products.tsx'
import { Projects } from './projects.tsx'
import { words } from './words/words.ts'

/** What a tenant is called, what it is made of, and how it ends. */
export function Settings() {
  return (
    <Screen title={words.rooms.settings} notManaged={words.settingsNotManaged}>
      {({ slug, tenant, mayManage }) => (
        <div key={slug}>
          <General slug={slug} tenant={tenant} mayManage={mayManage} />
          <Projects slug={slug} mayManage={mayManage} />
          <Products slug={slug} />
          {tenant.permissions.includes('export') && <Export slug={slug} />}
          {tenant.permissions.includes('read_admin') && <Life slug={slug} tenant={tenant} />}
          <p>
            <Link to="/t/$slug/isolation" params={{ slug }}>
              {words.proveIsolation}
            </Link>
          </p>
        </div>
      )}
    </Screen>
  )
}
