import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Spool } from "@cadastre/domain/Spool";
import { describe, expect, it } from "@effect/vitest";
import * as Chunk from "effect/Chunk";
import * as Effect from "effect/Effect";
import * as FastCheck from "effect/FastCheck";
import * as Stream from "effect/Stream";
import * as SpoolFiles from "../src/SpoolFiles.ts";

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "spool-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true })),
);

const readAll = (lines: Stream.Stream<string, unknown>) => Effect.map(Stream.runCollect(lines), Chunk.toReadonlyArray);

const line = FastCheck.string({ unit: "binary", maxLength: 50 }).map((text) => text.replaceAll("\n", "\r"));

describe("spool files", () => {
  it.effect.prop(
    "give back the lines as they were written, as often as asked",
    [FastCheck.array(FastCheck.array(line))],
    ([blocks]) =>
      Effect.gen(function* () {
        const path = yield* directory;
        const spool = yield* Effect.flatMap(Spool, ({ make }) => make).pipe(
          Effect.provide(SpoolFiles.layer({ directory: path })),
        );
        for (const block of blocks) yield* spool.append(block);
        expect(yield* readAll(spool.lines)).toEqual(blocks.flat());
        expect(yield* readAll(spool.lines)).toEqual(blocks.flat());
      }).pipe(Effect.scoped),
  );

  it.scoped("hold more than a block, with characters across its border", () =>
    Effect.gen(function* () {
      const path = yield* directory;
      const spool = yield* Effect.flatMap(Spool, ({ make }) => make).pipe(
        Effect.provide(SpoolFiles.layer({ directory: path })),
      );
      const lines = Array.from({ length: 30_000 }, (_, i) => `${i} ${"€𝒳\u2028".repeat(i % 40)}`);
      for (let i = 0; i < lines.length; i += 100) yield* spool.append(lines.slice(i, i + 100));
      expect(yield* readAll(spool.lines)).toEqual(lines);
      expect(readdirSync(path)).toEqual([]); // nameless from the start: nothing is left even after a crash
    }),
  );

  it.scoped("say so when their directory is not there", () =>
    Effect.gen(function* () {
      const nowhere = join(yield* directory, "nowhere");
      const make = Effect.flatMap(Spool, ({ make }) => make).pipe(
        Effect.provide(SpoolFiles.layer({ directory: nowhere })),
      );
      expect(yield* Effect.flip(make)).toMatchObject({ _tag: "StoreUnavailable" });
    }),
  );
});
