import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { loadSqlite } from './sqlite.ts'

/** A job as the database keeps it. Times are milliseconds since 1970, with fractions. */
export interface Job {
  readonly id: number
  /** The daemon that called, and the number of the call in that daemon. */
  readonly daemon: number
  readonly call: number
  readonly worker: string
  readonly method: string
  /** JSON. */
  readonly arguments: string
  /** `called` until it has settled. */
  readonly state: string
  readonly retries: number
  /** The worker process that ran it. */
  readonly pid: number | null
  readonly calledAt: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** JSON. */
  readonly result: string | null
  readonly error: string | null
}

/** What is known of a job at its call. */
export type NewJob = Pick<Job, 'daemon' | 'call' | 'worker' | 'method' | 'arguments' | 'calledAt'>

/** What is known at its end. */
export type EndedJob = Pick<
  Job,
  'id' | 'state' | 'retries' | 'pid' | 'startedAt' | 'endedAt' | 'result' | 'error'
>

/** The table of all jobs. */
export interface JobDatabase {
  /** @returns the id of the new job. */
  insert(job: NewJob): number
  end(job: EndedJob): void
  /** All jobs, the first one first. */
  list(): Job[]
  countByState(): Record<string, number>
  close(): void
}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = 1000;
  CREATE TABLE IF NOT EXISTS jobs (
    id        INTEGER PRIMARY KEY,
    daemon    INTEGER NOT NULL,
    call      INTEGER NOT NULL,
    worker    TEXT NOT NULL,
    method    TEXT NOT NULL,
    arguments TEXT NOT NULL,
    state     TEXT NOT NULL DEFAULT 'called',
    retries   INTEGER NOT NULL DEFAULT 0,
    pid       INTEGER,
    calledAt  REAL NOT NULL,
    startedAt REAL,
    endedAt   REAL,
    result    TEXT,
    error     TEXT
  ) STRICT`

const INSERT = `
  INSERT INTO jobs (daemon, call, worker, method, arguments, calledAt)
  VALUES (:daemon, :call, :worker, :method, :arguments, :calledAt)`

const END = `
  UPDATE jobs
  SET state = :state, retries = :retries, pid = :pid, startedAt = :startedAt, endedAt = :endedAt,
      result = :result, error = :error
  WHERE id = :id`

/** Opens the database, which is made where there is none. */
export function openJobDatabase(file: string): JobDatabase {
  mkdirSync(dirname(file), { recursive: true })
  const { DatabaseSync } = loadSqlite()
  const database = new DatabaseSync(file)
  database.exec(SCHEMA)
  const insert = database.prepare(INSERT)
  const end = database.prepare(END)
  return {
    insert: (job) => Number(insert.run({ ...job }).lastInsertRowid),
    end: (job) => void end.run({ ...job }),
    list: () => database.prepare('SELECT * FROM jobs ORDER BY id').all() as unknown as Job[],
    countByState() {
      const rows = database.prepare('SELECT state, count(*) AS count FROM jobs GROUP BY state').all()
      return Object.fromEntries(rows.map(({ state, count }) => [String(state), Number(count)]))
    },
    close: () => database.close(),
  }
}
