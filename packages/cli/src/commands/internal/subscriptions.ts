/**
 * What the `subscription` commands do. Loaded when one of them runs.
 */
import * as Writer from "@cadastre/descriptors/Writer";
import { InvalidInput } from "@cadastre/domain/Errors";
import * as Json from "@cadastre/domain/Json";
import * as Arr from "effect/Array";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import { parse } from "yaml";
import * as Connection from "../../Connection.ts";
import { ExitCode } from "../../ExitCode.ts";
import * as Failure from "../../Failure.ts";
import { count } from "../../internal/text.ts";
import { Output } from "../../Output.ts";
import * as Sources from "../../Sources.ts";
import { layer, type Shown, Subscriptions, type Told } from "../../Subscriptions.ts";
import * as Table from "../../Table.ts";
import * as Conditions from "../Conditions.ts";
import * as Options from "../Options.ts";
import { asOptions, type Given } from "./connected.ts";

interface Which extends Given {
  readonly which: string;
}

const asking = <A, R>({ url, tokenFile, tokenCommand }: Given, effect: Effect.Effect<A, Failure.Any, R>) =>
  Effect.flatMap(Options.configured({ url, tokenFile, tokenCommand }), (config) =>
    Effect.provide(Effect.mapError(effect, inWords), Layer.provide(layer, Connection.layer(config))),
  );

/** What has an option is named by it; the other settings, which stand in a file, by their place in it. */
const inWords = (error: Failure.Any): Failure.Failure => {
  if (error._tag !== "InvalidInput") return Failure.from(error);
  const [others, options] = Arr.partitionMap(error.faults, (fault) => {
    const option = optionOf(fault.path);
    return option === undefined ? Either.left(fault) : Either.right({ path: option, message: fault.message });
  });
  return new Failure.Failure({
    exit: ExitCode.usage,
    message: [
      ...(options.length === 0
        ? []
        : [asOptions(new InvalidInput({ message: error.message, faults: options })).message]),
      ...others.map(
        ({ path, message }) => `${path === "" ? "It" : `${path.slice(1).replaceAll("/", ".")}`} ${message}.`,
      ),
    ].join("\n"),
  });
};

/** The option by which a setting is given here, or a parameter of the same name. */
const optionOf = (path: string): string | undefined => {
  if (path === "/channel/url") return "webhook";
  if (/^\/types(\/\d+)?$/.test(path)) return "type";
  const [, name] = OWN.exec(path) ?? [];
  return name ?? (path === "" || path.includes("/") ? undefined : path);
};

const OWN = /^\/?(name|filter|rateLimit|ordered|overlap|state|type|reference|since|until|limit)(\/\d+)?$/;

/** The subscription of that name, in whatever case, or of that id. */
const find = (which: string) =>
  Effect.gen(function* () {
    const { list } = yield* Subscriptions;
    const found = (yield* list).find(({ id, name }) => id === which || name.toLowerCase() === which.toLowerCase());
    if (found !== undefined) return found;
    return yield* new Failure.Failure({
      exit: ExitCode.notFound,
      message: `There is no subscription "${which}".`,
      next: "`cadastre subscription list` shows those there are.",
    });
  });

const on = <A, R>(given: Which, use: (subscription: Shown) => Effect.Effect<A, Failure.Any, R>) =>
  asking(given, Effect.flatMap(find(given.which), use));

const print = (value: unknown, format: "json" | "yaml") =>
  Effect.flatMap(Output, ({ line, write }) =>
    format === "json" ? line(JSON.stringify(value, undefined, 2)) : write(Writer.write(value as Json.Json)),
  );

const stateOf = ({ enabled, disabled, failingSince }: Shown): string =>
  enabled ? (failingSince === undefined ? "enabled" : "failing") : `disabled (${disabled?.reason ?? ""})`;

export const list = (given: Given & { readonly format: Options.Format }) =>
  asking(
    given,
    Effect.gen(function* () {
      const output = yield* Output;
      const all = yield* (yield* Subscriptions).list;
      if (given.format === "name") return yield* output.write(all.map(({ name }) => `${name}\n`).join(""));
      if (given.format !== "table") return yield* print(all, given.format);
      if (all.length === 0) return yield* output.note("There are no subscriptions.");
      const rows = all.map((one) => [
        one.name,
        one.channel.type,
        stateOf(one),
        String(one.backlog.pending),
        String(one.backlog.held),
        String(one.backlog.dead),
        one.filter ?? "",
      ]);
      const head = ["NAME", "CHANNEL", "STATE", "PENDING", "HELD", "DEAD", "FILTER"];
      yield* output.write(Table.render(head, rows, { ...output, keep: [0], right: [3, 4, 5] }));
    }),
  );

export const get = (given: Which & { readonly format: Exclude<Options.Format, "name"> }) =>
  on(given, (found) => print(found, given.format === "json" ? "json" : "yaml"));

interface Settings extends Given {
  readonly name: Option.Option<string>;
  readonly webhook: Option.Option<string>;
  readonly filter: Option.Option<string>;
  readonly type: ReadonlyArray<string>;
  readonly rateLimit: Option.Option<number>;
  readonly ordered: boolean;
  readonly file: Option.Option<string>;
}

/** What the options say, over what the file does. */
const settingsOf = (given: Settings): Effect.Effect<Json.JsonObject, Failure.Failure, Output> =>
  Effect.gen(function* () {
    const file = Option.isNone(given.file) ? {} : yield* fromFile(given.file.value);
    const option = <A extends Json.Json>(name: string, value: Option.Option<A>) =>
      Option.match(value, { onNone: () => ({}), onSome: (value) => ({ [name]: value }) });
    return {
      ...file,
      ...option("name", given.name),
      ...option(
        "channel",
        Option.map(given.webhook, (url) => ({ type: "webhook", url })),
      ),
      ...option(
        "filter",
        Option.map(given.filter, (text) => (text === "" ? null : text)),
      ),
      ...(given.type.length === 0 ? {} : { types: given.type }),
      ...option("rateLimit", given.rateLimit),
      ...(given.ordered ? { ordered: true } : {}),
    };
  });

const fromFile = (file: string): Effect.Effect<Json.JsonObject, Failure.Failure, Output> =>
  Effect.gen(function* () {
    yield* Sources.announce(file);
    const text = yield* Sources.text(file);
    const wrong = (why: string) =>
      new Failure.Failure({
        exit: ExitCode.usage,
        message: `${file} does not hold the settings of a subscription: ${why}.`,
      });
    // JSON is YAML too.
    const value = yield* Effect.try({
      try: (): unknown => parse(text),
      catch: (cause) => wrong(cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause)),
    });
    return Json.isObject(value) ? value : yield* wrong("it is no map");
  });

export const create = (given: Settings & { readonly disabled: boolean }) =>
  asking(
    given,
    Effect.gen(function* () {
      const settings = yield* settingsOf(given);
      const { filter, ...rest } = settings;
      const { subscription, secret } = yield* (yield* Subscriptions).create(
        JSON.stringify({
          ...rest,
          ...(filter === null || filter === undefined ? {} : { filter }),
          ...(given.disabled ? { enabled: false } : {}),
        }),
      );
      yield* tellSecret(secret, `created ${subscription.name} (${subscription.id})`);
    }),
  );

export const update = (given: Which & Settings) =>
  on(given, ({ id }) =>
    Effect.gen(function* () {
      const changes = yield* settingsOf(given);
      if (Object.keys(changes).length === 0) {
        const message = "There is nothing to change.";
        return yield* new Failure.Failure({ exit: ExitCode.usage, message, next: "Give an option, or --file." });
      }
      const { subscription, secret } = yield* (yield* Subscriptions).patch(id, JSON.stringify(changes));
      yield* tellSecret(secret, `updated ${subscription.name}, revision ${subscription.revision}`);
    }),
  );

/** A secret is all that stands on standard output, so that a script can keep it. */
const tellSecret = (secret: string | undefined, done: string) =>
  Effect.gen(function* () {
    const { line, note } = yield* Output;
    if (secret === undefined) return yield* line(done);
    yield* line(secret);
    yield* note(`${done}. The secret above verifies its signatures; it is not shown again.`);
  });

export const remove = (given: Which) =>
  on(given, ({ id, name }) =>
    Effect.gen(function* () {
      yield* (yield* Subscriptions).remove(id);
      yield* (yield* Output).line(`deleted ${name}`);
    }),
  );

export const turn = (given: Which, word: "enable" | "disable") =>
  on(given, ({ id, name }) =>
    Effect.gen(function* () {
      yield* (yield* Subscriptions).post<Shown>(id, word);
      yield* (yield* Output).line(`${word}d ${name}`);
    }),
  );

/** Between looks at what became of a ping, which takes 15 seconds at the most. */
const PAUSE = "200 millis";

const LOOKS = 150;

export const test = (given: Which) =>
  on(given, ({ id, name }) =>
    Effect.gen(function* () {
      const { post, delivery } = yield* Subscriptions;
      const sent = yield* post<Told>(id, "test");
      const look = Effect.delay(delivery(id, sent.id), PAUSE);
      let ended = yield* look;
      for (let looks = 1; ended.state === "pending" && looks < LOOKS; looks++) ended = yield* look;
      const [attempt] = ended.attempts;
      const took = attempt === undefined ? "" : ` in ${Math.round(attempt.timings.total)} ms`;
      if (ended.state === "delivered") return yield* (yield* Output).line(`${name} took the ping${took}`);
      return yield* new Failure.Failure({
        exit: ExitCode.refused,
        message:
          attempt === undefined
            ? "No worker has sent the ping yet."
            : `${name} did not take the ping: ${attempt.message}`,
        next: `\`cadastre subscription deliveries ${name} -o json\` shows the whole attempt.`,
      });
    }),
  );

export const rotate = (given: Which & { readonly overlap: Option.Option<number> }) =>
  on(given, ({ id, name }) =>
    Effect.gen(function* () {
      const query = Conditions.given({ overlap: given.overlap });
      const { secret } = yield* (yield* Subscriptions).post<{ readonly secret?: string }>(id, "rotate-secret", query);
      yield* tellSecret(secret, `replaced the secret of ${name}`);
    }),
  );

interface Chosen extends Which {
  readonly state: ReadonlyArray<string>;
  readonly type: ReadonlyArray<string>;
  readonly reference: Option.Option<string>;
  readonly since: Option.Option<string>;
  readonly until: Option.Option<string>;
}

const queryOf = ({ state, type, reference, since, until }: Chosen) => ({
  state,
  type,
  ...Conditions.given({ reference, since, until }),
});

export const deliveries = (
  given: Chosen & { readonly limit: Option.Option<number>; readonly format: Options.Format },
) =>
  on(given, ({ id }) =>
    Effect.gen(function* () {
      const output = yield* Output;
      const { items, nextCursor } = yield* (yield* Subscriptions).deliveries(id, {
        ...queryOf(given),
        ...Conditions.given({ limit: given.limit }),
      });
      if (given.format === "name") return yield* output.write(items.map(({ id }) => `${id}\n`).join(""));
      if (given.format !== "table") return yield* print(items, given.format);
      if (items.length === 0) return yield* output.note("No delivery fits.");
      const rows = items.map((one) => [
        one.id,
        one.createdAt.slice(0, 19),
        one.type,
        one.reference ?? "",
        one.state,
        String(one.attempts.length),
        one.reason ?? "",
      ]);
      const head = ["ID", "MADE", "TYPE", "REFERENCE", "STATE", "TRIED", "WHY"];
      yield* output.write(Table.render(head, rows, { ...output, keep: [0, 4], right: [5] }));
      if (nextCursor !== undefined) yield* output.note("\nThere are more: --limit shows up to 1000.");
    }),
  );

export const redeliver = (given: Chosen & { readonly message: Option.Option<string> }) =>
  on(given, ({ id, name }) =>
    Effect.gen(function* () {
      const { line } = yield* Output;
      const { post, redeliverAll } = yield* Subscriptions;
      if (Option.isSome(given.message)) {
        yield* post<Told>(id, `deliveries/${given.message.value}/redeliver`);
        return yield* line(`${name} is told of ${given.message.value} once more`);
      }
      let redelivered = 0;
      let cursor: string | undefined;
      do {
        const page = yield* redeliverAll(id, { ...queryOf(given), ...(cursor === undefined ? {} : { cursor }) });
        redelivered += page.redelivered;
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      yield* line(`${name} is told once more: ${count(redelivered, "delivery", "deliveries")}`);
    }),
  );
