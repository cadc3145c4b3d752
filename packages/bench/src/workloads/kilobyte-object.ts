/** What a service might send: nested, with text, numbers, flags and lists; about 1000 bytes as JSON. */
export const kilobyteObject: object = {
  id: 48_151_623,
  kind: 'order',
  created: '2026-03-14T09:26:53.589Z',
  paid: true,
  customer: {
    id: 90_210,
    name: 'Grace Hopper',
    email: 'grace@example.org',
    address: { street: '1 Compiler Way', city: 'Arlington', zip: '22201', country: 'US' },
    tags: ['navy', 'cobol', 'nanoseconds'],
  },
  lines: Array.from({ length: 5 }, (_, line) => ({
    sku: `SKU-${1000 + line * 37}`,
    title: `A length of wire, ${line + 11.8} inches`,
    quantity: line + 1,
    price: 9.99 + line,
    inStock: line % 2 === 0,
  })),
  totals: { net: 149.85, tax: 28.47, gross: 178.32, currency: 'USD' },
  notes: 'Please deliver to the back door, and mind the moth in the relay.',
  history: [
    { at: 1_773_480_413, state: 'received', by: null },
    { at: 1_773_480_999, state: 'paid', by: 'card' },
  ],
}
