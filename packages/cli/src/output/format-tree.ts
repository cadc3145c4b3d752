import type { Json } from '@sd/core'
import { escapeText } from '@sd/core/escape-text'
import type { Style } from './style.ts'

/** JSON for people: a name a line, what is within it beneath it. */
export function formatTree(value: Json, style: Style, indent = ''): string {
  return Object.entries(Object(value))
    .map(([name, inner]) => formatEntry(name, inner as Json, style, indent))
    .join('\n')
}

function formatEntry(name: string, value: Json, style: Style, indent: string): string {
  const isNested = typeof value === 'object' && value !== null && Object.keys(value).length > 0
  if (!isNested) return `${indent}${style.dim(`${escapeText(name)}:`)} ${formatScalar(value, indent)}`
  return `${indent}${style.dim(`${escapeText(name)}:`)}\n${formatTree(value, style, `${indent}  `)}`
}

function formatScalar(value: Json, indent: string): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return value.toFixed(2)
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? '[]' : '{}'
  // What looks like a name must be one.
  return String(value).replaceAll('\n', `\n${indent}    `)
}
