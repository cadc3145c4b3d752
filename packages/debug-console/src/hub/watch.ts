/** Where those wait who want to know when something has become so. */
export class Watch {
  readonly #looks = new Set<() => void>()
  #over = false

  /** Something has changed. */
  look(): void {
    for (const look of [...this.#looks]) look()
  }

  /** Nobody waits any longer. */
  end(): void {
    this.#over = true
    this.look()
  }

  /** @returns false when it has not become so within that many milliseconds, or nobody waits any longer. */
  until(time: number, isSo: () => boolean): Promise<boolean> {
    if (isSo()) return Promise.resolve(true)
    return new Promise((resolve) => {
      const end = (answer: boolean): void => {
        clearTimeout(timer)
        this.#looks.delete(look)
        resolve(answer)
      }
      const look = (): void => {
        if (this.#over) end(false)
        else if (isSo()) end(true)
      }
      const timer = setTimeout(() => end(false), time)
      this.#looks.add(look)
      look()
    })
  }
}
