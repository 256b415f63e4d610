import { Diagnosis } from "@cadastre/domain/Diagnosis";
import { Engine } from "@cadastre/sql/Engine";
import * as SqlStores from "@cadastre/sql/Stores";
import * as Wakeups from "@cadastre/sql/Wakeups";
import { expect, it } from "@effect/vitest";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type * as Scope from "effect/Scope";
import * as Stream from "effect/Stream";
import { afterEach, describe } from "vitest";
import type { Backend } from "../Backends.ts";
import { type Mutant, mutate } from "../Mutants.ts";
import { jobBoard } from "./JobBoard.ts";
import { jobKeys } from "./JobKeys.ts";
import { jobLeases } from "./JobLeases.ts";
import { jobModel } from "./JobModel.ts";
import { jobs } from "./Jobs.ts";

type Open = Effect.Effect<Context.Tag.Service<Engine>, never, Scope.Scope>;

/** Tests of the queue on a database with each fault: of each, one test at the least has to fail. */
export const mutants = (
  all: ReadonlyArray<Mutant>,
  open: Open,
  more: ReadonlyArray<(backend: Backend) => void> = [],
): void => {
  for (const mutant of all) {
    const found = new Set<string>();
    let isCaught = false;
    // What has been caught needs no further test.
    const layer = Layer.suspend(() =>
      isCaught ? Layer.die("caught") : faulty(mutant, open, (text) => found.add(text)),
    );
    const backend: Backend = { name: mutant.fault, layer: Layer.fresh(layer), examples: 50 };

    describe(mutant.fault, () => {
      it.scoped("is in a statement that can be run", () =>
        Effect.gen(function* () {
          yield* Layer.build(Layer.fresh(layer));
          expect(found.size).toBeGreaterThan(0);
          const engine = yield* open;
          for (const text of found) {
            if (/^(SELECT|UPDATE|DELETE|WITH)/.test(text)) yield* engine.client.unsafe(`EXPLAIN ${text}`, nulls(text));
          }
        }),
      );
      describe("caught", () => {
        afterEach(({ task }) => {
          isCaught ||= task.result?.state === "fail";
        });
        for (const suite of [...more, jobs, jobLeases, jobKeys, jobBoard, jobModel]) suite(backend);
      });
    });
  }
};

const faulty = (mutant: Mutant, open: Open, onFound: (text: string) => void) =>
  SqlStores.layer.pipe(
    Layer.provide(
      Layer.scoped(
        Engine,
        Effect.map(open, (engine) => mutate(engine, mutant, onFound)),
      ),
    ),
    Layer.merge(Wakeups.layer),
    // None of these suites asks for it.
    Layer.merge(Layer.succeed(Diagnosis, { examine: Stream.empty })),
  );

const nulls = (text: string): ReadonlyArray<null> =>
  Array.from(
    { length: Math.max(text.split("?").length - 1, ...[...text.matchAll(/\$(\d+)/g)].map(([, n]) => Number(n))) },
    () => null,
  );
