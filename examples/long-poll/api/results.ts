/** Something that happened to a customer, as the service tells it. */
export interface Update {
  /** Counts up over all customers. */
  readonly id: number
  readonly customer: string
  readonly orders: number
  /** In cents. */
  readonly revenue: number
}

/** What one poll brings. */
export interface Answer {
  /** The last update that there is; the next poll asks for what comes after it. */
  readonly cursor: number
  readonly updates: readonly Update[]
}

/** The sums of all updates of a customer. */
export interface Totals {
  readonly updates: number
  readonly orders: number
  readonly revenue: number
}

/** All that is known so far. */
export interface Results {
  readonly cursor: number
  readonly customers: Readonly<Record<string, Totals>>
}

/** Before the first poll. */
export const noResults: Results = { cursor: 0, customers: {} }

/** Adds what is new. An update that is known already changes nothing, so that none can count twice. */
export function mergeAnswer(results: Results, { cursor, updates }: Answer): Results {
  const customers: Record<string, Totals> = { ...results.customers }
  for (const { id, customer, orders, revenue } of updates) {
    if (id <= results.cursor) continue
    const before = customers[customer] ?? { updates: 0, orders: 0, revenue: 0 }
    customers[customer] = {
      updates: before.updates + 1,
      orders: before.orders + orders,
      revenue: before.revenue + revenue,
    }
  }
  return { cursor: Math.max(results.cursor, cursor), customers }
}
