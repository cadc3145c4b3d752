import type { Output } from '../output/output.ts'
import { templates } from './template-list.ts'

/** Tells which templates there are. */
export function listTemplates(out: Output): void {
  if (out.json) {
    const all = templates.map(({ name, aliases, title, platforms, needsRoot }) => ({
      name,
      aliases,
      title,
      platforms,
      needsRoot,
    }))
    return out.printJson(all)
  }
  out.printTable({
    columns: [{ title: 'template' }, { title: 'what it is' }],
    rows: templates.map(({ name, title }) => [name, title]),
  })
  out.say('\nPrint one with: sd-cli init TEMPLATE FILE')
}
