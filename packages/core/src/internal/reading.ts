/**
 * The first pass over a batch: every document is validated and spooled; its reference alone stays in memory.
 */
import type { ReadDocument } from "@cadastre/domain/Batch";
import { InvalidInput, type StoreUnavailable } from "@cadastre/domain/Errors";
import type { Spool } from "@cadastre/domain/Spool";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { isInvalid, keyOf, type Prepared, prepare } from "./preparation.ts";
import * as Register from "./register.ts";

export interface Reading {
  /** The prepared documents, as JSON text. */
  readonly lines: Stream.Stream<string, StoreUnavailable>;
  readonly register: Register.Register;
  /** Whether some document is known already not to be applicable. */
  readonly isFaulty: boolean;
}

type Lines = Effect.Effect.Success<Context.Tag.Service<Spool>["make"]>;

export const readAll = <E, R>(
  documents: Stream.Stream<ReadDocument, E, R>,
  spool: Lines,
  limit: number,
): Effect.Effect<Reading, E | InvalidInput | StoreUnavailable, R> =>
  Effect.suspend(() => {
    const register = Register.make();
    let count = 0;
    let invalid = 0;

    const note = (prepared: Prepared): void => {
      count += 1;
      if (isInvalid(prepared)) invalid += 1;
      else register.note(keyOf(prepared), prepared);
    };

    const take = (chunk: Iterable<ReadDocument>): Effect.Effect<void, InvalidInput | StoreUnavailable> => {
      const lines: Array<string> = [];
      for (const document of chunk) {
        const prepared = prepare(document);
        note(prepared);
        lines.push(JSON.stringify(prepared));
      }
      return count > limit ? Effect.fail(tooMany(limit)) : spool.append(lines);
    };

    return Effect.map(Stream.runForEachChunk(documents, take), () => ({
      lines: spool.lines,
      register,
      isFaulty: invalid > 0 || register.conflicts() > 0,
    }));
  });

const tooMany = (limit: number): InvalidInput => {
  const message = `has more than ${limit} documents: split it`;
  return new InvalidInput({ message: `the batch ${message}`, faults: [{ path: "", message }] });
};
