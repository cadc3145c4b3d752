import type { Json } from '@sd/core'
import type { Style } from './style.ts'

/** JSON for people: a name a line, what is within it beneath it. */
export function formatTree(value: Json, style: Style, indent = ''): string {
  return Object.entries(Object(value))
    .map(([name, inner]) => formatEntry(name, inner as Json, style, indent))
    .join('\n')
}

function formatEntry(name: string, value: Json, style: Style, indent: string): string {
  const isNested = typeof value === 'object' && value !== null && Object.keys(value).length > 0
  if (!isNested) return `${indent}${style.dim(`${name}:`)} ${formatScalar(value)}`
  return `${indent}${style.dim(`${name}:`)}\n${formatTree(value, style, `${indent}  `)}`
}

function formatScalar(value: Json): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return value.toFixed(2)
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? '[]' : '{}'
  return String(value)
}
