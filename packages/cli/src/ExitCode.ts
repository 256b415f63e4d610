/**
 * How the program ends, so that scripts can tell. Documented in docs/cli.md.
 */
export const ExitCode = {
  ok: 0,
  /** Documents were refused: faulty, in conflict, or kept by a managed source. */
  refused: 1,
  /** The command line is wrong. */
  usage: 2,
  notFound: 3,
  /** The catalog is in a state that does not allow it: dependents, another revision, a taken reference, not empty. */
  conflict: 4,
  /** No token, a token that is not valid, or one without the scope. */
  denied: 5,
  /** No daemon answers at the URL, or it cannot serve now. */
  unreachable: 6,
  /** Something on this machine is in the way: a file, the database, the port. */
  local: 7,
  /** `admin doctor` has found what needs a hand. */
  unsound: 8,
  /** There is no descriptor in what was given. */
  nothing: 9,
  /** A fault of the program. */
  internal: 70,
  /** The configuration is wrong. */
  config: 78,
  /** Ended by a signal. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
