/**
 * One connection to the change feed, as text: what `Feed` and the command line are made of.
 */
import * as ServerSentEvents from "@cadastre/api/ServerSentEvents";
import * as HttpClientRequest from "@effect/platform/HttpClientRequest";
import * as Duration from "effect/Duration";
import * as Stream from "effect/Stream";
import type { Exchange } from "./Exchange.ts";
import { type Failure, Unreachable } from "./Failures.ts";
import type { Texts } from "./internal/parts.ts";

/** Three of the daemon's heartbeats. */
const SILENCE = Duration.seconds(45);

/** One connection: the messages until it ends, or until nothing, not even a heartbeat, has come for 45 seconds. */
export const connect = (
  exchange: Exchange,
  query: Texts,
  lastEventId: string | undefined,
): Stream.Stream<ServerSentEvents.Message, Failure> =>
  exchange
    .lines(
      HttpClientRequest.get("/v1/events/stream", {
        urlParams: query,
        headers: {
          accept: "text/event-stream",
          ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
        },
      }),
    )
    .pipe(
      Stream.timeoutFail(
        () =>
          new Unreachable({
            message: `${exchange.url} has said nothing for ${Duration.format(SILENCE)}`,
            reason: "timeout",
          }),
        SILENCE,
      ),
      ServerSentEvents.parse,
    );
