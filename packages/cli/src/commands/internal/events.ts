/**
 * What the commands do that read the change feed. Loaded when one of them runs.
 */

import type { EventPage } from "@cadastre/api/Events";
import * as Writer from "@cadastre/descriptors/Writer";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";
import * as ChangeView from "../../ChangeView.ts";
import { ExitCode } from "../../ExitCode.ts";
import type { Failure } from "../../Failure.ts";
import * as Lookup from "../../Lookup.ts";
import { Output } from "../../Output.ts";
import { type Following, Questions } from "../../Questions.ts";
import { Signal } from "../../Signal.ts";
import * as Table from "../../Table.ts";
import * as Conditions from "../Conditions.ts";
import type * as Options from "../Options.ts";
import { asOptions, connected, type Given, tellUnevaluated } from "./connected.ts";

interface Changes extends Given {
  readonly kind: ReadonlyArray<string>;
  readonly type: ReadonlyArray<string>;
  readonly filter: Option.Option<string>;
  readonly after: Option.Option<string>;
  readonly format: Options.Format;
}

interface List extends Changes {
  readonly limit: Option.Option<number>;
}

type Page = typeof EventPage.Type;

/** Events of one call. */
const PAGE = 500;

const STANDARD_LIMIT = 50;

export const list = (given: List) =>
  connected(
    given,
    Effect.gen(function* () {
      const output = yield* Output;
      const questions = yield* Questions;
      const limit = Option.getOrElse(given.limit, () => STANDARD_LIMIT);
      const events: Array<Page["events"][number]> = [];
      const unevaluated: Array<Page["unevaluated"]> = [];
      let after = given.after;
      let ended = false;
      do {
        const page: Page = yield* questions
          .events({
            kind: given.kind,
            type: given.type,
            ...Conditions.given({ filter: given.filter, after }),
            limit: String(Math.min(PAGE, limit - events.length)),
          })
          .pipe(Effect.mapError(asOptions));
        events.push(...page.events);
        unevaluated.push(page.unevaluated);
        ended = String(page.next) === Option.getOrElse(after, () => "0");
        after = Option.some(String(page.next));
      } while (!ended && events.length < limit);

      if (given.format === "json") yield* output.line(JSON.stringify(events, undefined, 2));
      else if (given.format === "yaml") yield* output.write(Writer.write(events));
      else if (given.format === "name") for (const { reference } of events) yield* output.line(reference);
      else if (events.length === 0) yield* output.note("No event fits.");
      else
        yield* output.write(
          Table.render(ChangeView.HEAD, events.map(ChangeView.row), { ...output, keep: [0, 1, 2, 3], right: [0] }),
        );
      if (!ended && given.format === "table") {
        yield* output.note(`\nThere may be more: --after ${Option.getOrElse(after, () => "0")} goes on.`);
      }
      yield* tellUnevaluated(unevaluated, ["event", "events"]);
    }),
  );

interface Watch extends Changes {
  readonly references: ReadonlyArray<string>;
}

/** Between attempts to reach a daemon that was there before. */
const PAUSE = "1 second";

/** Follows until it is told to end; a daemon that goes away is waited for, at whatever address it comes back. */
export const watch = (given: Watch) =>
  Effect.gen(function* () {
    const { note, noteStyle } = yield* Output;
    const { awaited } = yield* Signal;
    let cursor: string | undefined;
    let filter: string | undefined;
    let isLost = false;

    const attempt = connected(
      given,
      Effect.gen(function* () {
        const { follow } = yield* Questions;
        filter ??= yield* filterOf(given);
        yield* follow(
          {
            kind: given.kind,
            type: given.type,
            ...(filter === "" ? {} : { filter }),
            ...Conditions.given({ after: given.after }),
          },
          cursor,
        ).pipe(
          Stream.mapError(asOptions),
          Stream.runForEach((following) =>
            Effect.gen(function* () {
              if (isLost) yield* note("The daemon is back.");
              isLost = false;
              if (cursor === undefined && given.format === "table")
                yield* note(noteStyle.dim(`Following changes after ${following.cursor}; Ctrl-C ends it.`));
              cursor = following.cursor;
              yield* tell(following, given.format);
            }),
          ),
        );
      }),
    );

    const again = Effect.catchIf(attempt, isPassing, (failure) => {
      if (cursor === undefined) return failure;
      if (isLost) return Effect.void;
      isLost = true;
      return note(`${failure.message} Waiting for it to come back.`);
    });
    yield* Effect.raceFirst(Effect.forever(Effect.zipRight(again, Effect.sleep(PAUSE))), awaited);
  });

const isPassing = ({ exit }: Failure): boolean => exit === ExitCode.unreachable;

/** The entities that were named, as a part of the expression: the daemon sends nothing else. */
const filterOf = ({ references, filter }: Watch) =>
  Effect.gen(function* () {
    if (references.length === 0) return Option.getOrElse(filter, () => "");
    const keys = yield* Effect.forEach(references, Lookup.keyOf);
    const chosen = `event.reference in ${JSON.stringify(keys)}`;
    // The line ends what may be a comment.
    return Option.match(filter, { onNone: () => chosen, onSome: (text) => `(${text}\n) && ${chosen}` });
  });

const tell = ({ event }: Following, format: Options.Format) =>
  Effect.gen(function* () {
    if (event === undefined) return;
    const { line, write, style, width } = yield* Output;
    switch (format) {
      case "table":
        return yield* line(ChangeView.line(event, style, width));
      case "json":
        return yield* line(JSON.stringify(event));
      case "yaml":
        return yield* write(Writer.writeDocument(event));
      case "name":
        return yield* line(event.reference);
    }
  });
