import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { endianness } from 'node:os'

/**
 * The layout of LMDB's file, version 2, as mdb.c of `lmdb` has it. Page numbers and sizes are 64 bits wide; what does not
 * fit into 32 is none of ours.
 */
const LITTLE = endianness() === 'LE'
const MAGIC = 0xbeefc0de
const DATA_VERSION = 2
const PAGE_HEADER = 24
const NODE_HEADER = 8
const TREE_RECORD = 48
const META_SIZE = PAGE_HEADER + 144
/** Page flags. */
const [BRANCH, LEAF, OVERFLOW, META] = [1, 2, 4, 8]
/** Node flags. */
const [IN_OVERFLOW, IS_TREE] = [1, 2]
/** Tree flags: `MDB_INTEGERKEY`, and that of `lmdb` for values with versions. */
const [INTEGER_KEYS, VERSIONS] = [8, 0x100]
/** Of a version, before each value. Bytes. */
const VERSION = 8
/** `mdb_size_t` of a page number that is none. */
const NO_PAGE = Number.POSITIVE_INFINITY
/** More than any tree that fits into 32 bits of pages. */
const DEEPEST = 30
const SMALLEST_PAGE = 512
const LARGEST_PAGE = 65_536
/** A key of a segment, and the zero behind the name of a tree. Bytes. */
const LONGEST_KEY = 1979

/** On these `lmdb` is built with other widths. */
const NARROW: readonly string[] = ['arm', 'ia32', 'mips', 'mipsel']

/** Thrown within this file. */
class Damage {
  readonly why: string

  constructor(why: string) {
    this.why = why
  }
}

/** One B-tree, as its record says. */
interface Tree {
  readonly flags: number
  readonly depth: number
  readonly branches: number
  readonly leaves: number
  readonly overflows: number
  readonly entries: number
  readonly root: number
}

/** One of the two pages with which the file begins. */
interface Meta {
  readonly pageSize: number
  readonly free: Tree
  readonly main: Tree
  readonly lastPage: number
  readonly transaction: number
}

/** What is in a table that tells whether others use the file. */
export interface UseMark {
  readonly table: string
  /** Whether this entry says so. */
  isInUse(key: string, value: string): boolean
}

/**
 * Looks whether a file may be handed to LMDB, which maps it and believes every number in it: a page that is not there, or
 * that points beyond the end, would end the process by SIGBUS or SIGSEGV. All pages of all trees are looked at, and the
 * list of free ones; what values say is not. Where others use the file, LMDB has long believed it, and only its beginning
 * and that one table are looked at. Nobody must write to it meanwhile.
 *
 * @returns what is wrong; undefined: nothing, also where there is no file, or an empty one.
 * @throws the system's error when the file cannot be read.
 */
export function findDamage(file: string, mark: UseMark): string | undefined {
  let handle: number
  try {
    // NONBLOCK: opening a named pipe must not wait for its writer.
    handle = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const status = fstatSync(handle)
    if (!status.isFile()) return 'data.mdb is no file'
    // Of a process that was killed while it made it.
    if (status.size > 0) new StoreCheck(handle, status.size, mark).run()
    return undefined
  } catch (thrown) {
    if (thrown instanceof Damage) return `data.mdb is damaged, or no segment's: ${thrown.why}`
    throw thrown
  } finally {
    closeSync(handle)
  }
}

class StoreCheck {
  readonly #handle: number
  readonly #size: number
  readonly #mark: UseMark
  #meta!: Meta
  /** One for each depth of a tree. */
  readonly #pages: DataView[] = []
  /** The pages that are in use, or free: each is one thing only. */
  #seen = new Uint8Array(0)
  /** Where nodes begin in the page that is looked at, and their sizes. */
  #sizes = new Uint16Array(0)

  constructor(handle: number, size: number, mark: UseMark) {
    this.#handle = handle
    this.#size = size
    this.#mark = mark
  }

  run(): void {
    const head = this.#read(0, META_SIZE)
    if (head.getUint16(18, LITTLE) !== META || head.getUint32(PAGE_HEADER, LITTLE) !== MAGIC)
      throw new Damage('it does not begin as a file of LMDB')
    if (NARROW.includes(process.arch)) return
    const first = readMeta(head, 0)
    const second = readMeta(this.#read(first.pageSize, META_SIZE), 1)
    this.#meta = second.transaction > first.transaction ? second : first
    const { pageSize, lastPage, free, main } = this.#meta
    const older = this.#meta === first ? second : first
    if (older.pageSize !== pageSize) throw new Damage('its two beginnings do not fit')
    if (older.transaction !== 0 && older.transaction !== this.#meta.transaction - 1)
      throw new Damage('its two beginnings do not fit')
    if ((lastPage + 1) * pageSize > this.#size)
      throw new Damage(`it has ${this.#size} bytes instead of ${(lastPage + 1) * pageSize} at least`)
    this.#seen = new Uint8Array(lastPage + 1)
    this.#sizes = new Uint16Array(pageSize / 2)
    const trees = new Map<string, Tree>()
    this.#walk(main, 0, (page, at, keyLength, length, flags) => {
      if (flags !== IS_TREE || length !== TREE_RECORD) throw new Damage('a table is none')
      // Behind the name is a zero.
      trees.set(readText(page, at, keyLength - 1), readTree(page, at + keyLength))
    })
    let isInUse = false
    const marked = trees.get(this.#mark.table)
    if (marked) {
      this.#walkTable(marked, (page, at, keyLength, length) => {
        const value = readText(page, at + keyLength + VERSION, length - VERSION)
        isInUse ||= this.#mark.isInUse(readText(page, at, keyLength), value)
      })
    }
    if (isInUse) return
    for (const tree of trees.values()) if (tree !== marked) this.#walkTable(tree)
    this.#walk(free, INTEGER_KEYS, (page, at, keyLength, length, flags) => {
      if (keyLength !== 8) throw new Damage('the list of free pages is wrong')
      const list =
        flags === IN_OVERFLOW
          ? this.#read(readWide(page, at + keyLength) * pageSize + PAGE_HEADER, length)
          : new DataView(page.buffer, page.byteOffset + at + keyLength, length)
      this.#takeFree(list)
    })
  }

  /** @param visit - called for what lies in the tree's own pages. */
  #walkTable(
    tree: Tree,
    visit?: (page: DataView, at: number, keyLength: number, length: number) => void,
  ): void {
    this.#walk(tree, VERSIONS, (page, at, keyLength, length, flags) => {
      if (length < VERSION) throw new Damage('a value is too short')
      if (flags === 0) visit?.(page, at, keyLength, length)
    })
  }

  /** @param visit - called for each entry, with where its key begins in the page. */
  #walk(
    tree: Tree,
    flags: number,
    visit: (page: DataView, at: number, keyLength: number, length: number, flags: number) => void,
  ): void {
    if (tree.flags !== flags) throw new Damage('a table is of another kind')
    const found = { branches: 0, leaves: 0, overflows: 0, entries: 0 }
    const walkPage = (number: number, depth: number): void => {
      const page = this.#takePage(number, depth)
      const isLeaf = depth === tree.depth
      if (page.getUint16(18, LITTLE) !== (isLeaf ? LEAF : BRANCH)) throw wrongPage(number)
      found[isLeaf ? 'leaves' : 'branches']++
      for (const at of this.#listNodes(page, number, isLeaf)) {
        const keyLength = page.getUint16(at + 6, LITTLE)
        const key = at + NODE_HEADER
        if (!isLeaf) {
          walkPage(readChild(page, at), depth + 1)
          continue
        }
        const nodeFlags = page.getUint16(at + 4, LITTLE)
        const length = page.getUint32(at, LITTLE)
        if (keyLength === 0) throw wrongPage(number)
        found.entries++
        if (nodeFlags === IN_OVERFLOW) found.overflows += this.#takeOverflow(page, key + keyLength, length)
        else if (nodeFlags !== 0 && nodeFlags !== IS_TREE) throw wrongPage(number)
        if (nodeFlags === IS_TREE && tree !== this.#meta.main) throw wrongPage(number)
        visit(page, key, keyLength, length, nodeFlags)
      }
    }
    if (tree.root === NO_PAGE ? tree.depth !== 0 : tree.depth < 1 || tree.depth > DEEPEST)
      throw new Damage('a table has no depth')
    if (tree.root !== NO_PAGE) walkPage(tree.root, 1)
    for (const count of ['branches', 'leaves', 'overflows', 'entries'] as const) {
      if (tree[count] !== found[count])
        throw new Damage(`a table has ${found[count]} ${count}, not ${tree[count]}`)
    }
  }

  /** Nodes lie one after the other from `upper` to the end of the page, in any order. @returns where, in order of keys. */
  #listNodes(page: DataView, number: number, isLeaf: boolean): number[] {
    const { pageSize } = this.#meta
    const [lower, upper] = [page.getUint16(20, LITTLE), page.getUint16(22, LITTLE)]
    const end = pageSize - PAGE_HEADER
    const count = lower / 2
    if (lower % 2 !== 0 || upper % 2 !== 0 || lower > upper || upper > end || count < 1)
      throw wrongPage(number)
    const places: number[] = []
    for (let index = 0; index < count; index++) {
      const place = page.getUint16(PAGE_HEADER + index * 2, LITTLE)
      if (place % 2 !== 0 || place < upper || place > end - NODE_HEADER) throw wrongPage(number)
      const at = place + PAGE_HEADER
      const keyLength = page.getUint16(at + 6, LITTLE)
      if (keyLength > LONGEST_KEY) throw wrongPage(number)
      const dataLength = isLeaf ? readInPage(page, at) : 0
      const size = NODE_HEADER + keyLength + dataLength
      const padded = size + (size % 2)
      if (place + padded > end) throw wrongPage(number)
      this.#sizes[place / 2] = padded
      places.push(at)
    }
    let seen = 0
    let place = upper
    while (place < end && this.#sizes[place / 2] !== 0) {
      const size = this.#sizes[place / 2]!
      this.#sizes[place / 2] = 0
      place += size
      seen++
    }
    if (seen !== count || place !== end) throw wrongPage(number)
    return places
  }

  #takePage(number: number, depth: number): DataView {
    this.#take(number)
    const { pageSize } = this.#meta
    this.#pages[depth] ??= new DataView(new ArrayBuffer(pageSize))
    const page = this.#pages[depth]
    this.#fill(page, number * pageSize)
    this.#checkHeader(page, number)
    return page
  }

  /** A page of a later transaction counts for LMDB as its own, to be written to. */
  #checkHeader(page: DataView, number: number): void {
    const isRight = readWide(page, 0) === number && readWide(page, 8) <= this.#meta.transaction
    if (!isRight) throw wrongPage(number)
  }

  /** The pages of a large value. @returns how many. */
  #takeOverflow(page: DataView, at: number, length: number): number {
    const { pageSize } = this.#meta
    const [number, count] = [readWide(page, at), readWide(page, at + 16)]
    if (count !== Math.floor((PAGE_HEADER - 1 + length) / pageSize) + 1)
      throw new Damage('a value has no place')
    for (let index = 0; index < count; index++) this.#take(number + index)
    const header = this.#read(number * pageSize, PAGE_HEADER)
    this.#checkHeader(header, number)
    if (header.getUint16(18, LITTLE) !== OVERFLOW || header.getUint32(20, LITTLE) !== count)
      throw wrongPage(number)
    return count
  }

  /** A list of free pages: how long it is, then numbers. Zero: room for one. Negative: so many from the next one on. */
  #takeFree(list: DataView): void {
    const wrong = new Damage('the list of free pages is wrong')
    if (list.byteLength < 8) throw wrong
    const count = readWide(list, 0)
    if ((count + 1) * 8 > list.byteLength) throw wrong
    let run = 1
    for (let index = 1; index <= count; index++) {
      const value = list.getBigInt64(index * 8, LITTLE)
      if (value < 0n) {
        run = Number(-value)
        if (run > this.#seen.length || index === count) throw wrong
        continue
      }
      if (value === 0n && run === 1) continue
      const page = Number(value)
      for (let next = 0; next < run; next++) this.#take(page + next)
      run = 1
    }
  }

  #take(number: number): void {
    // The first two are the beginnings; what is beyond the last one is undefined.
    if (number < 2 || this.#seen[number] !== 0) throw wrongPage(number)
    this.#seen[number] = 1
  }

  #read(position: number, length: number): DataView {
    if (position + length > this.#size) throw new Damage('it is too short')
    const bytes = new DataView(new ArrayBuffer(length))
    this.#fill(bytes, position)
    return bytes
  }

  #fill(bytes: DataView, position: number): void {
    const { byteLength } = bytes
    if (readSync(this.#handle, bytes, 0, byteLength, position) !== byteLength)
      throw new Damage('it is too short')
  }
}

function wrongPage(number: number): Damage {
  return new Damage(`page ${number} is wrong`)
}

function readText(page: DataView, at: number, length: number): string {
  return Buffer.from(page.buffer, page.byteOffset + at, length).toString()
}

function readMeta(page: DataView, place: number): Meta {
  const wrong = new Damage(`its beginning ${place + 1} of 2 is wrong`)
  const at = PAGE_HEADER
  if (readWide(page, 0) !== place || page.getUint16(18, LITTLE) !== META) throw wrong
  if (page.getUint32(at, LITTLE) !== MAGIC) throw wrong
  if ((page.getUint32(at + 4, LITTLE) & 0xffff) !== DATA_VERSION)
    throw new Damage('it is of another version of LMDB')
  const pageSize = page.getUint32(at + 24, LITTLE)
  const isSize = (pageSize & (pageSize - 1)) === 0 && pageSize >= SMALLEST_PAGE && pageSize <= LARGEST_PAGE
  const [lastPage, transaction] = [readWide(page, at + 120), readWide(page, at + 128)]
  // Transactions write their two beginnings in turn.
  const isInTurn = transaction === 0 || transaction % 2 === place
  if (!isSize || lastPage === NO_PAGE || lastPage < 1 || transaction === NO_PAGE || !isInTurn) throw wrong
  return { pageSize, lastPage, transaction, free: readTree(page, at + 24), main: readTree(page, at + 72) }
}

function readTree(page: DataView, at: number): Tree {
  return {
    flags: page.getUint16(at + 4, LITTLE),
    depth: page.getUint16(at + 6, LITTLE),
    branches: readWide(page, at + 8),
    leaves: readWide(page, at + 16),
    overflows: readWide(page, at + 24),
    entries: readWide(page, at + 32),
    root: readWide(page, at + 40),
  }
}

/** How many bytes a leaf's node has of its value in the page. */
function readInPage(page: DataView, at: number): number {
  return page.getUint16(at + 4, LITTLE) === IN_OVERFLOW ? 24 : page.getUint32(at, LITTLE)
}

/** The page below a branch's node: 48 bits. */
function readChild(page: DataView, at: number): number {
  return page.getUint32(at, LITTLE) + page.getUint16(at + 4, LITTLE) * 2 ** 32
}

/** 64 bits. @returns infinity for what needs more than 32. */
function readWide(page: DataView, at: number): number {
  const [low, high] = LITTLE
    ? [page.getUint32(at, true), page.getUint32(at + 4, true)]
    : [page.getUint32(at + 4), page.getUint32(at)]
  return high === 0 ? low : NO_PAGE
}
