import { Count, Duration } from "../internal/values.ts";

export const SETTINGS = {
  postgresPoolSize: {
    schema: Count,
    variable: "CADASTRE_POSTGRES_POOL_SIZE",
    about: "Connections to Postgres at the most",
  },
  postgresIdleTimeout: {
    schema: Duration,
    variable: "CADASTRE_POSTGRES_IDLE_TIMEOUT",
    about: "When a connection that nobody uses is closed",
  },
  postgresMaxLifetime: {
    schema: Duration,
    variable: "CADASTRE_POSTGRES_MAX_LIFETIME",
    about: "When a connection is closed and made anew",
  },
  postgresConnectTimeout: {
    schema: Duration,
    variable: "CADASTRE_POSTGRES_CONNECT_TIMEOUT",
    about: "How long to wait for a connection",
  },
  postgresStatementTimeout: {
    schema: Duration,
    variable: "CADASTRE_POSTGRES_STATEMENT_TIMEOUT",
    about: "How long a statement may run",
  },
  postgresIdleInTransactionTimeout: {
    schema: Duration,
    variable: "CADASTRE_POSTGRES_IDLE_IN_TRANSACTION_TIMEOUT",
    about: "How long a transaction may do nothing before Postgres ends it",
  },
} as const;

export const DEFAULTS = {
  postgresPoolSize: 10,
  postgresIdleTimeout: 60_000,
  postgresMaxLifetime: 1_800_000,
  postgresConnectTimeout: 5_000,
  postgresStatementTimeout: 15_000,
  postgresIdleInTransactionTimeout: 30_000,
};
