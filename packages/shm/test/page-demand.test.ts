import { expect, test } from '@jest/globals'
import { PageDemand } from '../src/page-demand.ts'

const PAGE = 4096
const shape = { depth: 2, pages: 20, lastPage: 99, pageSize: PAGE }
/** What a transaction may take that changes nothing. */
const upkeep = 25

test('a transaction without changes needs its upkeep, which grows with what it may free', () => {
  expect(new PageDemand(shape).size()).toBe((100 + upkeep) * PAGE)
  expect(new PageDemand({ ...shape, lastPage: 51_199 }).upkeep).toBe(24 + 100)
})

test('a change copies its way to the root with a neighbour each, and may split all of it', () => {
  const demand = new PageDemand(shape)
  demand.add(0)
  expect(demand.size()).toBe((100 + upkeep + 4 + 3) * PAGE)
  demand.add(100)
  expect(demand.size()).toBe((100 + upkeep + 8 + 4) * PAGE)
})

test('no more pages are copied than there are', () => {
  const demand = new PageDemand(shape)
  for (let change = 0; change < 64; change++) demand.add(0)
  expect(demand.size()).toBe((100 + upkeep + 20 + 66) * PAGE)
})

test('a large value has pages of its own', () => {
  const demand = new PageDemand(shape)
  demand.add(PAGE * 3)
  expect(demand.size(7)).toBe((100 + upkeep + 4 + 3 + 4 + 7) * PAGE)
})
