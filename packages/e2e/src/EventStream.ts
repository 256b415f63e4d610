/**
 * The daemon's stream of events, read by Node's own client as a browser would.
 */
import { request } from "node:http";
import * as Effect from "effect/Effect";
import type { Daemon } from "./Program.ts";

interface Received {
  /** What `data` held, in order. */
  readonly events: ReadonlyArray<{ readonly sequence: number; readonly reference: string; readonly revision: number }>;
  /** What to send as `Last-Event-ID` the next time. */
  readonly lastId: string;
}

/** Follows until so many events were received, or the stream ends; then it hangs up, in the middle of whatever comes. */
export const receive = (
  { url, token }: Pick<Daemon, "url" | "token">,
  lastId: string,
  count: number,
  query = "",
): Effect.Effect<Received> =>
  Effect.async((resume) => {
    const events: Array<Received["events"][number]> = [];
    let id = lastId;
    let rest = "";
    const headers = { authorization: `Bearer ${token}`, ...(lastId === "" ? {} : { "last-event-id": lastId }) };
    const call = request(new URL(`/v1/events/stream${query}`, url), { headers, agent: false }, (response) => {
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        const frames = (rest + chunk).split("\n\n");
        rest = frames.pop() ?? "";
        for (const frame of frames) {
          if (events.length === count) break;
          const fields = new Map(frame.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line] as const));
          id = fields.get("id")?.slice("id: ".length) ?? id;
          const data = fields.get("data")?.slice("data: ".length);
          if (data !== undefined) events.push(JSON.parse(data));
        }
        if (events.length === count) call.destroy();
      });
      response.on("error", () => {});
    });
    call.on("error", () => {});
    call.on("close", () => resume(Effect.succeed({ events, lastId: id })));
    call.end();
    return Effect.sync(() => call.destroy());
  });
