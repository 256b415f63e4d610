/**
 * How the program ends, so that scripts can tell.
 */
export const ExitCode = {
  ok: 0,
  refused: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  denied: 5,
  unreachable: 6,
  local: 7,
  unsound: 8,
  nothing: 9,
  internal: 70,
  config: 78,
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What each says, for docs/reference/cli.md. */
export const MEANINGS: { readonly [Name in keyof typeof ExitCode]: string } = {
  ok: "done",
  refused: "some of what was given was refused: faulty, in conflict, or kept by a managed source",
  usage: "the command line is wrong",
  notFound: "not registered",
  conflict:
    "the catalog's state does not allow it: dependents, another revision, a taken reference, an ambiguous name, a database that is not empty",
  denied: "no token, a token that is not valid, or one without the scope",
  unreachable: "no daemon answers, or it cannot serve now: its database is out of reach, too many requests",
  local: "something on this machine is in the way: a file, the database that a command opens itself, the port",
  unsound: "`admin doctor` has found what needs a hand",
  nothing: "there is no descriptor in what was given to `apply` or `validate`",
  internal: "a fault of the program",
  config: "the configuration is wrong",
  interrupted: "ended by a signal (the daemon, `mcp-bridge` and `entity watch`: 0)",
};
