/**
 * Spools in temporary files.
 */
import { randomUUID } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { StoreUnavailable } from "@cadastre/domain/Errors";
import { Spool } from "@cadastre/domain/Spool";
import * as Chunk from "effect/Chunk";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";

/**
 * Each spool is a file of mode 0600 in `directory`, which must exist. It loses its name as soon as it is open, so that
 * nothing is left behind even if the process is killed.
 */
export const layer = (options: { readonly directory: string }): Layer.Layer<Spool> =>
  Layer.succeed(Spool, { make: make(options.directory) });

/** Bytes that are written or read at once. */
const BLOCK = 256 * 1024;

const make = (directory: string) =>
  Effect.acquireRelease(
    io("make", async () => {
      const path = join(directory, `cadastre-spool-${randomUUID()}`);
      const file = await open(path, "wx+", 0o600);
      await unlink(path);
      return file;
    }),
    (file) => Effect.promise(() => file.close()),
  ).pipe(
    Effect.map((file) => {
      let pending: Array<string> = [];
      let pendingLength = 0;
      let size = 0;

      const flush = Effect.suspend(() => {
        if (pendingLength === 0) return Effect.void;
        const block = Buffer.from(pending.join(""));
        pending = [];
        pendingLength = 0;
        const position = size;
        size += block.length;
        return io("write to", () => writeAll(file, block, position));
      });

      return {
        append: (lines: ReadonlyArray<string>) =>
          Effect.suspend(() => {
            for (const line of lines) {
              pending.push(line, "\n");
              pendingLength += line.length + 1;
            }
            return pendingLength < BLOCK ? Effect.void : flush;
          }),
        lines: Stream.unwrap(
          Effect.as(
            flush,
            Stream.suspend(() => read(file)),
          ),
        ),
      };
    }),
  );

/** The lines of the file; what follows the last line feed of a block waits for the next block. */
const read = (file: FileHandle): Stream.Stream<string, StoreUnavailable> => {
  const decoder = new TextDecoder();
  const buffer = Buffer.allocUnsafe(BLOCK);
  let rest = "";
  return Stream.paginateChunkEffect(0, (position) =>
    Effect.map(
      io("read", () => file.read(buffer, 0, BLOCK, position)),
      ({ bytesRead }) => {
        const lines = (rest + decoder.decode(buffer.subarray(0, bytesRead), { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        return [
          Chunk.unsafeFromArray(lines),
          bytesRead === 0 ? Option.none<number>() : Option.some(position + bytesRead),
        ] as const;
      },
    ),
  );
};

const writeAll = async (file: FileHandle, block: Buffer, position: number): Promise<void> => {
  for (let done = 0; done < block.length; ) {
    const { bytesWritten } = await file.write(block, done, block.length - done, position + done);
    done += bytesWritten;
  }
};

const io = <A>(verb: string, run: () => Promise<A>): Effect.Effect<A, StoreUnavailable> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => new StoreUnavailable({ message: `cannot ${verb} a temporary file`, cause }),
  });
