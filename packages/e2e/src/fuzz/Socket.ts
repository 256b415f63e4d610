/**
 * Bytes to a server, and all that comes back.
 */
import { connect } from "node:net";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import type { Made } from "./Requests.ts";

/** Neither an answer nor an end came. */
export class Hang extends Data.TaggedError("Hang")<{ readonly request: string }> {}

/** Longer than any limit that the server has set itself. */
const PATIENCE = 40_000;

/** After which a client that may have said less than it meant says that this was all. */
const PAUSE = 60;

export const exchange = (port: number, { bytes, isWhole }: Made): Effect.Effect<string, Hang> =>
  Effect.async((resume) => {
    const chunks: Array<Buffer> = [];
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    const received = () => Buffer.concat(chunks).toString("latin1");
    const deadline = setTimeout(() => {
      resume(new Hang({ request: bytes.toString("latin1").slice(0, 4_000) }));
      socket.destroy();
    }, PATIENCE);
    let pause: NodeJS.Timeout | undefined;
    const rest = () => {
      if (isWhole) return;
      clearTimeout(pause);
      pause = setTimeout(() => socket.end(), PAUSE);
    };
    rest();
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      rest();
      // A stream has no end of its own.
      if (chunk.includes("text/event-stream")) socket.destroy();
    });
    socket.on("error", () => {}); // a connection that is cut off is an answer, too
    socket.on("close", () => {
      clearTimeout(deadline);
      clearTimeout(pause);
      resume(Effect.succeed(received()));
    });
  });
