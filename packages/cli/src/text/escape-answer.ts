import type { Json } from '@sd/core'
import { escapeLines } from './escape-controls.ts'

/** What a daemon has told, so that a terminal shows it and does not obey it: root asks the daemons of others, too. */
export function escapeAnswer<Answer>(answer: Answer): Answer {
  return escapeValue(answer as Json) as Answer
}

function escapeValue(value: Json): Json {
  if (typeof value === 'string') return escapeLines(value)
  if (Array.isArray(value)) return value.map(escapeValue)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, inner]) => [
    escapeLines(name),
    escapeValue(inner as Json),
  ])
  return Object.fromEntries(entries)
}
