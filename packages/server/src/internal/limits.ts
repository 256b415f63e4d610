import type * as Duration from "effect/Duration";

/** How much, and for how long, one exchange may take. */
export interface Limits {
  /** Requests under way at a time, streams among them. */
  readonly requests: number;
  /** Bytes of a body that is not streamed. */
  readonly body: number;
  /** For a whole exchange whose body is not streamed. */
  readonly request: Duration.Duration;
  /** Of a streamed body, and of a client that takes a streamed answer. */
  readonly idle: Duration.Duration;
}
