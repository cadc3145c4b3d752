import type { IniText } from './ini-text.ts'
import type { IniMap, IniValue } from './ini-value.ts'

/** A value, and the line that set it last. */
interface Leaf {
  readonly value: string | number | boolean | null
  readonly line: number
}

/** A group of keys while the file is being read: it remembers lines, to name both sides of a conflict. */
export class Branch {
  /** The line that made it. */
  readonly line: number
  readonly #children = new Map<string, Branch | Leaf>()
  #hasBrackets = false
  #nextIndex = 0

  constructor(line: number) {
    this.line = line
  }

  /** The group at `path`, made where it is missing. */
  open(source: IniText, line: number, path: readonly string[]): Branch {
    let branch: Branch = this
    for (const name of path) {
      const child: Branch | Leaf = branch.#children.get(name) ?? new Branch(line)
      if (!(child instanceof Branch)) {
        const problem = `"${path.join('.')}" needs "${name}" to be a group, but line ${child.line} gave it a value.`
        source.fail(line, problem, `Rename one of them, or remove line ${child.line}.`)
      }
      branch.#children.set(name, child)
      branch = child
    }
    return branch
  }

  /** Sets a value. The last line that sets a key wins, as in PHP; a group is never replaced by a value. */
  set(source: IniText, name: string, leaf: Leaf): void {
    const present = this.#children.get(name)
    if (present instanceof Branch) {
      const problem = `"${name}" gets a value here, but line ${present.line} made it a group of keys.`
      source.fail(leaf.line, problem, `Rename one of them, or remove line ${present.line}.`)
    }
    this.#children.set(name, leaf)
    if (isIndex(name)) this.#nextIndex = Math.max(this.#nextIndex, Number(name) + 1)
  }

  /** Sets what `key[entry]` names; an empty entry takes the number after the highest so far, as in PHP. */
  setEntry(source: IniText, entry: string, leaf: Leaf): void {
    this.#hasBrackets = true
    const name = entry === '' ? String(this.#nextIndex++) : entry
    this.set(source, name, leaf)
  }

  /** The values without the book-keeping. */
  toMap(): IniMap {
    const map: IniMap = Object.create(null)
    for (const [name, child] of this.#children) {
      map[name] = child instanceof Branch ? child.#toValue() : child.value
    }
    return map
  }

  /** Brackets whose numbers are exactly 0 to n - 1, in any order, are a list; anything else is a map. */
  #toValue(): IniValue {
    const map = this.toMap()
    const indexes = Array.from({ length: this.#children.size }, (_, index) => String(index))
    const isList = this.#hasBrackets && indexes.every((index) => this.#children.has(index))
    return isList ? indexes.map((index) => map[index]!) : map
  }
}

/** Fewer than 10 digits: an index far beyond is a name. */
function isIndex(name: string): boolean {
  return /^(0|[1-9]\d{0,8})$/.test(name)
}
