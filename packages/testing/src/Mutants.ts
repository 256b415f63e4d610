/**
 * Faults that a statement of the queue could have. Each is put into the text of the statements, and the suites have to find
 * it: a test that nothing can fail proves nothing.
 */
import type { Engine } from "@cadastre/sql/Engine";
import type * as Context from "effect/Context";
import type { Connection } from "./Watched.ts";

export interface Mutant {
  readonly fault: string;
  /** Of the statement's text, its white space as single spaces. */
  readonly find: string | RegExp;
  readonly replace: string;
  /** The databases whose text has it; all where absent. */
  readonly only?: "sqlite" | "postgres";
}

export const MUTANTS: ReadonlyArray<Mutant> = [
  { fault: "an end is not fenced", find: "jobs.lease_seq = l.seq AND", replace: "l.seq > 0 AND" },
  { fault: "a lease may have ended", find: "jobs.lease_until > CAST", replace: "0 <= CAST" },
  { fault: "a lease may end now", find: "jobs.lease_until > CAST", replace: "jobs.lease_until >= CAST" },
  { fault: "a claim gives no new number", find: "lease_seq = lease_seq + 1", replace: "lease_seq = 1" },
  { fault: "a claim counts no attempt", find: "attempts = attempts + 1", replace: "attempts = attempts" },
  { fault: "a claim keeps the dedupe key", find: "dedupe_key = NULL, updated_at", replace: "updated_at" },
  {
    fault: "a claim ignores the queue",
    find: /FROM jobs WHERE queue = (\?|\$\d+) AND state = 'ready'/g,
    replace: "FROM jobs WHERE $1 <> '' AND state = 'ready'",
  },
  {
    fault: "a claim ignores kinds",
    find: /AND kind (?:IN|= ANY) \((?:ARRAY\()?(SELECT (?:value FROM json_each\(\?\)|json_array_elements_text\(\$\d+::json\)))\)+/g,
    replace: "AND (SELECT count(*) FROM ($1) known) >= 0",
  },
  {
    fault: "a claim goes to the first group alone",
    find: /(FROM groups WHERE) name IS NOT NULL\)/g,
    replace: "$1 1 = 0)",
  },
  { fault: "a claim ignores full groups", find: /NOT \(name (IN|=)/g, replace: "NOT ('' $1" },
  { fault: "a claim takes more of a group than there is room for", find: "OR place <=", replace: "OR 0 <=" },
  {
    fault: "a claim forgets what runs of a group",
    find: /coalesce\(room, CAST\((\?|\$\d+) AS BIGINT\)\)/,
    replace: "CAST($1 AS BIGINT)",
  },
  {
    fault: "of a group the last go first",
    find: /PARTITION BY group_key ORDER BY priority DESC, run_at, id\)/,
    replace: "PARTITION BY group_key ORDER BY priority, run_at DESC, id DESC)",
  },
  { fault: "lower priorities first", find: /priority DESC, run_at, id LIMIT/g, replace: "priority, run_at, id LIMIT" },
  {
    fault: "later jobs first",
    find: /priority DESC, run_at, id LIMIT/g,
    replace: "priority DESC, run_at DESC, id LIMIT",
  },
  {
    fault: "younger jobs first",
    find: /priority DESC, run_at, id LIMIT/g,
    replace: "priority DESC, run_at, id DESC LIMIT",
  },
  {
    fault: "priority is ignored",
    find: /priority DESC, run_at, id LIMIT/g,
    replace: "run_at, id LIMIT",
  },
  {
    fault: "due a millisecond late",
    find: /state = 'scheduled' AND run_at <= /,
    replace: "state = 'scheduled' AND run_at < ",
  },
  {
    fault: "what waits is never made ready",
    find: "SET state = 'ready', updated_at",
    replace: "SET state = 'scheduled', updated_at",
  },
  {
    fault: "leases end a millisecond late",
    find: /state = 'running' AND lease_until <= /,
    replace: "state = 'running' AND lease_until < ",
  },
  {
    fault: "leases of all queues are taken back",
    find: /WHERE queue = (\?|\$\d+) AND state = 'running' AND lease_until <=/,
    replace: "WHERE $1 <> '' AND state = 'running' AND lease_until <=",
  },
  {
    fault: "what crashed is ready at once",
    find: /\+ \(1000 << CASE WHEN attempts < 6 THEN attempts ELSE 6 END\)/,
    replace: "+ 0",
  },
  {
    fault: "the wait after a crash has no bound",
    find: "CASE WHEN attempts < 6 THEN attempts ELSE 6 END",
    replace: "attempts",
  },
  {
    fault: "one attempt too many after crashes",
    find: /SET state = CASE WHEN attempts >= max_attempts THEN 'dead'/,
    replace: "SET state = CASE WHEN attempts > max_attempts THEN 'dead'",
  },
  {
    fault: "one attempt too many after failures",
    find: /(l\.at IS NULL OR) attempts >= max_attempts/g,
    replace: "$1 attempts > max_attempts",
  },
  {
    fault: "giving up is trying again",
    find: /\(l\.at IS NULL OR attempts >= max_attempts\)/g,
    replace: "(attempts >= max_attempts)",
  },
  {
    fault: "a failure is tried again at the old time",
    find: /THEN run_at ELSE l\.at END/,
    replace: "THEN run_at ELSE run_at END",
  },
  { fault: "the error is not kept", find: "last_error = l.error", replace: "last_error = last_error" },
  { fault: "postponing counts", find: "run_at = l.at, attempts = attempts - 1", replace: "run_at = l.at" },
  {
    fault: "releasing counts",
    find: /attempts = attempts - CASE WHEN releases < 5 THEN 1 ELSE 0 END/,
    replace: "attempts = attempts",
  },
  {
    fault: "releasing never counts",
    find: /attempts = attempts - CASE WHEN releases < 5 THEN 1 ELSE 0 END/,
    replace: "attempts = attempts - 1",
  },
  { fault: "an end keeps its worker", find: "lease_until = NULL, leased_by = NULL", replace: "lease_until = NULL" },
  {
    fault: "a lease is shortened",
    find: "CASE WHEN lease_until < l.until THEN l.until ELSE lease_until END",
    replace: "l.until",
  },
  {
    fault: "a twin does not pull forward",
    find: "CASE WHEN excluded.run_at < jobs.run_at THEN excluded.run_at ELSE jobs.run_at END",
    replace: "jobs.run_at",
  },
  {
    fault: "a twin pushes back",
    find: "CASE WHEN excluded.run_at < jobs.run_at THEN",
    replace: "CASE WHEN excluded.run_at > jobs.run_at THEN",
  },
  {
    fault: "a twin that is due still waits",
    find: "THEN 'ready' ELSE jobs.state END",
    replace: "THEN jobs.state ELSE jobs.state END",
  },
  { fault: "the last of an ordering key goes first", find: "SELECT min(b.id)", replace: "SELECT max(b.id)" },
  {
    fault: "an ordering key does not wait for what runs",
    find: "f.state IN ('scheduled', 'ready', 'running')",
    replace: "f.state IN ('scheduled', 'ready')",
  },
  {
    fault: "an ordering key does not wait for what is tried again",
    find: "f.state IN ('scheduled', 'ready', 'running')",
    replace: "f.state IN ('ready', 'running')",
  },
  { fault: "ordering keys of all queues are one", find: "f.queue = k.queue AND", replace: "" },
  {
    fault: "what is unblocked does not wait for its time",
    find: "CASE WHEN run_at <= ",
    replace: "CASE WHEN run_at <= run_at + ",
  },
  {
    fault: "a period may come twice",
    find: "job_periods.period < excluded.period",
    replace: "job_periods.period <= excluded.period",
  },
  {
    fault: "a period that is past may come",
    find: "job_periods.period < excluded.period",
    replace: "job_periods.period <> excluded.period",
  },
  { fault: "a retry keeps the attempts", find: "attempts = 0, releases = 0", replace: "releases = 0" },
  { fault: "a retry keeps the releases", find: "attempts = 0, releases = 0", replace: "attempts = 0" },
  {
    fault: "what runs can be retried",
    find: "state IN ('scheduled', 'dead', 'discarded')",
    replace: "state IN ('scheduled', 'dead', 'discarded', 'running')",
  },
  {
    fault: "a retry leaves its ordering key's order",
    find: "CASE WHEN ordering_key IS NULL THEN 'ready' ELSE 'blocked' END",
    replace: "'ready'",
  },
  {
    fault: "what is done can be discarded",
    find: "state NOT IN ('done', 'discarded')",
    replace: "state <> 'discarded'",
  },
  {
    fault: "the youngest are deleted first",
    find: /ORDER BY finished_at LIMIT/,
    replace: "ORDER BY finished_at DESC LIMIT",
  },
  { fault: "what is finished is deleted a millisecond early", find: "finished_at < ", replace: "finished_at <= " },
  { fault: "a claim takes more than it may", find: /LIMIT ((?:\?|\$\d+)\)+ RETURNING)/, replace: "LIMIT 9 + $1" },
  {
    fault: "two claims may take one job",
    find: / FOR UPDATE SKIP LOCKED( \) ungrouped)/,
    replace: "$1",
    only: "postgres",
  },
  {
    fault: "two claims may take one job of a group",
    find: / FOR UPDATE SKIP LOCKED(\) j)/,
    replace: "$1",
    only: "postgres",
  },
  { fault: "a claim waits for another", find: /FOR UPDATE SKIP LOCKED/g, replace: "FOR UPDATE", only: "postgres" },
  {
    fault: "two may change one ordering key at once",
    find: "pg_advisory_xact_lock(hashtextextended(text, 0))",
    replace: "1",
    only: "postgres",
  },
];

/** The engine with a fault in its statements; tells each text that has it. */
export const mutate = (
  engine: Context.Tag.Service<Engine>,
  { find, replace }: Mutant,
  onFound: (text: string) => void,
): Context.Tag.Service<Engine> => {
  const change = (text: string): string => {
    const plain = text.replace(/\s+/g, " ").trim();
    if (typeof find === "string" ? !plain.includes(find) : plain.search(find) < 0) return text;
    const faulty = plain.replace(find, replace);
    onFound(faulty);
    return faulty;
  };
  const changed = (connection: Connection): Connection => ({
    ...connection,
    execute: (text, values, transform) => connection.execute(change(text), values, transform),
  });
  return {
    ...engine,
    withReader: (use) => engine.withReader((connection) => use(changed(connection))),
    prepare: (text) => engine.prepare(change(text)),
    insert: ({ ending, ...insertion }) =>
      engine.insert(ending === undefined ? insertion : { ...insertion, ending: change(ending) }),
  };
};
