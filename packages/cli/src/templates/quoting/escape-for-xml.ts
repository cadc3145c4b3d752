import { refuseControlCharacters } from './refuse-text.ts'

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** Text of an XML element. */
export function escapeForXml(text: string): string {
  return refuseControlCharacters(text, 'a property list').replace(
    /[&<>]/g,
    (character) => ENTITIES[character]!,
  )
}
