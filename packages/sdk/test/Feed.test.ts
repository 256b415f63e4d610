import type { ServerResponse } from "node:http";
import * as CadastreClient from "@cadastre/sdk/CadastreClient";
import * as FetchHttpClient from "@effect/platform/FetchHttpClient";
import { expect, it } from "@effect/vitest";
import * as Chunk from "effect/Chunk";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { type Answer, json, serve, transport } from "./server.ts";

const event = (sequence: number) => ({
  sequence,
  id: `evt_${sequence}`,
  uid: "ent_01936b2e-7c1a-7cc0-9d5e-3f1f6a0c1b2d",
  reference: "component:default/a",
  revision: sequence,
  type: "entity.updated",
  at: "2026-01-01T00:00:00.000Z",
  actor: "token:ci",
  via: "rest",
  requestId: "r-1",
  patch: [],
});

/** A stream that ends after these, or is held open. */
const stream = (response: ServerResponse, sequences: ReadonlyArray<number>, isOpen = false) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write("retry: 1\n");
  for (const sequence of sequences) {
    response.write(`id: ${sequence}\nevent: entity.updated\ndata: ${JSON.stringify(event(sequence))}\n\n`);
  }
  if (!isOpen) response.end();
};

const follow = (answer: Answer, count: number, query = {}) =>
  Effect.gen(function* () {
    const { url, asked } = yield* serve(answer);
    const { events } = yield* CadastreClient.make({ url });
    const seen = yield* Stream.runCollect(Stream.take(events.stream(query), count));
    return { asked, seen: Chunk.toReadonlyArray(seen).map(({ sequence }) => sequence) };
  }).pipe(Effect.provide(FetchHttpClient.layer));

it.scopedLive("goes on after the last event when a stream ends, also amid an event", () =>
  Effect.gen(function* () {
    const { seen, asked } = yield* follow(
      (_, response, n) => {
        if (n === 0) return stream(response, [3, 4]);
        if (n === 1) response.end(`retry: 1\nid: 5\ndata: ${JSON.stringify(event(5))}\n\nid: 6\ndata: {"sequ`);
        else stream(response, [6], true);
      },
      4,
      { after: 2, type: ["entity.updated"] },
    );
    expect(seen).toEqual([3, 4, 5, 6]);
    expect(asked.map(({ headers }) => headers["last-event-id"])).toEqual(["2", "4", "5"]);
    expect(asked[0]?.path).toBe("/v1/events/stream?type=entity.updated");
  }),
);

it.scopedLive("reads page by page while no stream is to be had", () =>
  Effect.gen(function* () {
    const { seen, asked } = yield* follow(
      ({ path }, response, n) =>
        path.startsWith("/v1/events/stream")
          ? n < 3
            ? transport(response, "TooManyStreams")
            : stream(response, [9], true)
          : json(response, path.includes("after=7") ? { events: [event(8)], next: 8 } : { events: [], next: 8 }),
      2,
      { after: 7 },
    );
    expect(seen).toEqual([8, 9]);
    expect(asked.map(({ path, headers }) => `${path} ${headers["last-event-id"]}`)).toEqual([
      "/v1/events/stream 7",
      "/v1/events?after=7&limit=500 undefined",
      "/v1/events?after=8&limit=500 undefined",
      "/v1/events/stream 8",
    ]);
  }),
);

it.scopedLive("fails with what waiting does not mend", () =>
  Effect.gen(function* () {
    const refused = yield* Effect.flip(follow((_, response) => transport(response, "HostRefused"), 1));
    expect(refused).toMatchObject({ _tag: "UnexpectedAnswer", status: 403 });
    expect(yield* Effect.flip(follow(() => {}, 1, { type: ["nothing"] }))).toMatchObject({ _tag: "InvalidInput" });
  }),
);
