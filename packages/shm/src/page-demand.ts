/** What a tree is like, and the file that it is in. */
export interface TreeShape {
  /** From the root to the leaves. Pages. */
  readonly depth: number
  /** Branches and leaves. */
  readonly pages: number
  /** The last page that is in use, or was. */
  readonly lastPage: number
  /** Bytes. */
  readonly pageSize: number
}

/** For the other trees: the log of changes, the tables' roots, and what is told of free pages. */
const UPKEEP = 24

/** The number of a page, in the lists of free ones. Bytes. */
const PAGE_NUMBER = 8

/** What stands before a value in pages of its own. Bytes. */
const HEADER = 16

/**
 * How many pages one transaction may add to the end of a file, at most. LMDB never changes a page: it writes a copy, for
 * which it takes a free page, or one at the end. So it may be as many as it changes.
 */
export class PageDemand {
  readonly #shape: TreeShape
  /** What a transaction takes that makes nothing larger. Pages. */
  readonly upkeep: number
  #changes = 0
  #valuePages = 0

  constructor(shape: TreeShape) {
    this.#shape = shape
    // It may free all that there is, which is then listed.
    this.upkeep = UPKEEP + Math.ceil((shape.lastPage * PAGE_NUMBER) / shape.pageSize)
  }

  /** Counts one change. @param bytes - of the key and the value that are written. */
  add(bytes: number): void {
    this.#changes++
    const { pageSize } = this.#shape
    // What is smaller lies in a leaf, with others.
    if (bytes + HEADER > pageSize / 2) this.#valuePages += Math.ceil((bytes + HEADER) / pageSize)
  }

  /**
   * How long the file may become. Bytes.
   *
   * @param spare - pages that are to be left then.
   */
  size(spare = 0): number {
    const { depth, pages, lastPage, pageSize } = this.#shape
    // With a neighbour each, when little is left in a page.
    const copies = Math.min(this.#changes * depth * 2, pages)
    // A page that is full becomes two, up to the root.
    const splits = this.#changes === 0 ? 0 : this.#changes + depth
    return (lastPage + 1 + this.upkeep + copies + splits + this.#valuePages + spare) * pageSize
  }
}
