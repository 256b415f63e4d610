/**
 * What the commands do that look after the queue. Loaded when one of them runs.
 */
import type { Job, JobListQuery, JobPage } from "@cadastre/api/Jobs";
import * as Writer from "@cadastre/descriptors/Writer";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Query } from "../../Connection.ts";
import { ExitCode } from "../../ExitCode.ts";
import * as Failure from "../../Failure.ts";
import { printable } from "../../internal/text.ts";
import { Output } from "../../Output.ts";
import { Questions } from "../../Questions.ts";
import * as Table from "../../Table.ts";
import * as Conditions from "../Conditions.ts";
import type * as Options from "../Options.ts";
import { asOptions, connected, type Given } from "./connected.ts";

interface List extends Given {
  readonly state: Option.Option<string>;
  readonly queue: Option.Option<string>;
  readonly kind: Option.Option<string>;
  readonly limit: Option.Option<number>;
  readonly format: Options.Format;
}

type Shown = typeof Job.Encoded;

/** Jobs of one call. */
const PAGE = 500;

const STANDARD_LIMIT = 50;

export const list = (given: List) =>
  connected(
    given,
    Effect.gen(function* () {
      const output = yield* Output;
      const questions = yield* Questions;
      const limit = Option.getOrElse(given.limit, () => STANDARD_LIMIT);
      const jobs: Array<Shown> = [];
      let next: number | undefined;
      do {
        const query: Query<typeof JobListQuery.Encoded> = {
          ...Conditions.given({ state: given.state, queue: given.queue, kind: given.kind }),
          ...(next === undefined ? {} : { before: String(next) }),
          limit: String(Math.min(PAGE, limit - jobs.length)),
        };
        const page: typeof JobPage.Encoded = yield* questions.jobs(query).pipe(Effect.mapError(asOptions));
        jobs.push(...page.items);
        next = page.next;
      } while (next !== undefined && jobs.length < limit);

      switch (given.format) {
        case "json":
          return yield* output.line(JSON.stringify(jobs, undefined, 2));
        case "yaml":
          return yield* output.write(Writer.write(jobs));
        case "name":
          return yield* output.write(jobs.map(({ id }) => `${id}\n`).join(""));
        case "table":
          if (jobs.length === 0) return yield* output.note("No job fits.");
          yield* output.write(Table.render(HEAD, jobs.map(row), { ...output, keep: [0, 1, 2, 3], right: [0] }));
          if (next !== undefined) yield* output.note("\nThere are more: --limit shows them.");
      }
    }),
  );

const HEAD = ["ID", "STATE", "QUEUE", "KIND", "ATTEMPTS", "RUN AT", "LAST ERROR"];

const row = (job: Shown): ReadonlyArray<string> => [
  String(job.id),
  job.state,
  printable(job.queue),
  printable(job.kind),
  `${job.attempts}/${job.maxAttempts}`,
  job.runAt.slice(0, 19).replace("T", " "),
  printable(job.lastError ?? ""),
];

interface One extends Given {
  readonly id: string;
}

export const get = (given: One & { readonly format: Exclude<Options.Format, "name"> }) =>
  connected(
    given,
    Effect.gen(function* () {
      const { line, write } = yield* Output;
      const { job } = yield* Questions;
      const found = yield* Effect.mapError(job(yield* idOf(given.id)), Failure.from);
      if (given.format === "json") yield* line(JSON.stringify(found, undefined, 2));
      else yield* write(Writer.writeDocument(found));
    }),
  );

export const move = (how: "retry" | "discard", given: One) =>
  connected(
    given,
    Effect.gen(function* () {
      const { line } = yield* Output;
      const { moveJob } = yield* Questions;
      const moved = yield* Effect.mapError(moveJob(yield* idOf(given.id), how), Failure.from);
      yield* line(`job ${moved.id} (${printable(moved.kind)}) is ${moved.state}`);
    }),
  );

const idOf = (text: string): Effect.Effect<number, Failure.Failure> =>
  /^[1-9]\d{0,14}$/.test(text)
    ? Effect.succeed(Number(text))
    : new Failure.Failure({
        exit: ExitCode.usage,
        message: `"${text}" is not the id of a job: ids are numbers, as \`cadastre job list\` shows them.`,
      });
