/**
 * Asks what an agent asks first, in both eras, and tells how far that gets.
 */
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Era from "./Era.ts";
import * as Exchange from "./Exchange.ts";
import * as Frame from "./Frame.ts";
import * as Session from "./Session.ts";
import * as Tools from "./Tools.ts";
import * as Wire from "./Wire.ts";

export interface Finding {
  readonly subject: string;
  readonly isGood: boolean;
  /** What was found; if it is not good, what to do. */
  readonly detail: string;
}

export interface Report {
  readonly findings: ReadonlyArray<Finding>;
  /** What keeps agents from being served, in either era. */
  readonly trouble: Wire.Trouble | undefined;
}

const NEWER = "2026-07-28";
const OLDER = "2025-11-25";

const CLIENT = { name: "cadastre-doctor", version: "1" };

export const examine = (options: Wire.Options, policy: Tools.Policy): Effect.Effect<Report> =>
  Effect.gen(function* () {
    const wire = Wire.make(options);
    const session = Session.make(wire, () => Effect.void);
    const tools = Tools.make(policy);
    const around: Exchange.Surroundings = { wire, session, tools, deliver: () => Effect.void, patience: Duration.zero };

    const ask = (id: number, method: string, params: object) =>
      Effect.gen(function* () {
        const request = Frame.request(id, method, params);
        const { body } = tools.seen(request, yield* Exchange.run(around, request));
        const error = Frame.textAt(body, "error", "message");
        return error === undefined ? Frame.at(body, "result") : yield* refused(error);
      });

    const meta = {
      _meta: {
        [Era.VERSION_KEY]: NEWER,
        "io.modelcontextprotocol/clientInfo": CLIENT,
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    };
    const newer = Effect.gen(function* () {
      const found = yield* ask(1, "server/discover", meta);
      const server = Frame.at(found, "_meta", "io.modelcontextprotocol/serverInfo");
      return `${named(server)}, ${counted(yield* ask(2, "tools/list", meta))}`;
    });
    const older = Effect.gen(function* () {
      const found = yield* ask(3, "initialize", { protocolVersion: OLDER, capabilities: {}, clientInfo: CLIENT });
      yield* Exchange.post(around, Frame.notification("notifications/initialized"));
      const server = `${named(Frame.at(found, "serverInfo"))}, revision ${Frame.textAt(found, "protocolVersion")}`;
      const tools = counted(yield* ask(4, "tools/list", {}));
      return `${server}, ${session.id() === undefined ? "no session" : "a session"}, ${tools}`;
    }).pipe(Effect.ensuring(session.end));

    const first = yield* Effect.either(newer);
    // Who cannot be reached, or does not know the token, need not be asked again.
    const isHopeless = Either.isLeft(first) && HOPELESS.has(first.left.code);
    const second = isHopeless ? first : yield* Effect.either(older);
    const found = [
      { subject: "since 2026-07-28", result: first },
      ...(isHopeless ? [] : [{ subject: "before", result: second }]),
    ];
    return {
      findings: found.map(({ subject, result }) =>
        Either.match(result, {
          onLeft: ({ message }) => ({ subject, isGood: false, detail: message }),
          onRight: (detail) => ({ subject, isGood: true, detail }),
        }),
      ),
      trouble: Either.isLeft(first) && Either.isLeft(second) ? second.left : undefined,
    };
  });

const HOPELESS: ReadonlySet<number> = new Set([
  Frame.Code.unreachable,
  Frame.Code.unauthenticated,
  Frame.Code.timeout,
  Frame.Code.broken,
]);

const refused = (message: string) =>
  new Wire.Trouble({ code: Frame.Code.refused, message: `The daemon answers: ${message}`, again: "no" });

const named = (server: unknown): string =>
  `${Frame.textAt(server, "name") ?? "a server without a name"} ${Frame.textAt(server, "version") ?? ""}`.trim();

const counted = (list: unknown): string => {
  const tools = Frame.at(list, "tools");
  const count = Array.isArray(tools) ? tools.length : 0;
  return `${count}${Frame.at(list, "nextCursor") === undefined ? "" : " or more"} ${count === 1 ? "tool" : "tools"}`;
};
