import { escapeJson } from '@sd/core/escape-text'

/** A value as JSON that a terminal may show: what it would obey is escaped, and means the same. */
export function formatJson(value: unknown, indent?: number): string {
  return escapeJson(JSON.stringify(value, null, indent))
}
