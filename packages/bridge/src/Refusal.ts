/**
 * Replies that are no success: the daemon's own answer where there is one, a sentence otherwise.
 */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Frame from "./Frame.ts";
import type * as Http from "./Http.ts";
import * as Wire from "./Wire.ts";

export interface Refusal {
  readonly status: number;
  readonly text: string;
  /** The error that the daemon answers with, where asking again is of no use. */
  readonly answer: Option.Option<Frame.Message>;
  readonly trouble: Wire.Trouble;
}

/** Seconds that a daemon may ask to be left alone before it is asked again. */
const LONGEST_PAUSE = 30;

export const read = (reply: Http.Reply): Effect.Effect<Refusal, Wire.Trouble> =>
  Effect.map(Wire.text(reply), (text) => {
    const [frame] = Frame.parse(text);
    const trouble = troubleOf(reply, text);
    const isAnswer = frame?.kind === "answer" && trouble.code === Frame.Code.refused && trouble.again === "no";
    return { status: reply.status, text, answer: isAnswer ? Option.some(frame) : Option.none(), trouble };
  });

/** What daemons say to a session that they do not have: 404 by the protocol, 400 by some. */
export const isForgotten = ({ status, text }: Refusal): boolean =>
  status === 404 || (status === 400 && /session/i.test(text));

/** Waits as long as a daemon wishes that has too much to do. */
export const pause = ({ status, headers }: Http.Reply): Effect.Effect<void> => {
  const seconds = Number(headers["retry-after"]);
  return (status === 429 || status === 503) && seconds > 0 && seconds <= LONGEST_PAUSE
    ? Effect.sleep(seconds * 1000)
    : Effect.void;
};

const troubleOf = ({ url: { href: url }, status, headers }: Http.Reply, text: string): Wire.Trouble => {
  const trouble = (message: string, again: Wire.Trouble["again"] = "no", code: number = Frame.Code.refused) =>
    new Wire.Trouble({ code, message, again });
  const said = reasonOf(text);
  switch (status) {
    case 401:
      return trouble(
        `The daemon does not accept the token${said}. Give another one with --token-file, CADASTRE_TOKEN or --token-command; \`cadastre admin token create\` makes one.`,
        "no",
        Frame.Code.unauthenticated,
      );
    case 403:
      return trouble(`The daemon refuses the request (403)${said}.`);
    case 404:
    case 405:
      return trouble(`There is no MCP endpoint at ${url} (${status})${said}. Say where the daemon is with --url.`);
    case 413:
      return trouble(`The request is larger than the daemon takes (413)${said}.`);
    case 429:
      return trouble(`The daemon gets too many requests (429)${said}. Wait before you send more.`, "yes");
    case 502:
    case 503:
    case 504:
      return trouble(`The daemon cannot serve now (${status})${said}.`, "if harmless");
  }
  const place = headers.location;
  return status >= 300 && status < 400 && place !== undefined
    ? trouble(`The daemon is elsewhere: ${url} redirects to ${place}. Give that as --url, if you trust it.`)
    : trouble(`The daemon answers with status ${status}${said}.`);
};

/** Of a problem document or of an error. */
const reasonOf = (text: string): string => {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return "";
  }
  const reason = Frame.textAt(body, "detail") ?? Frame.textAt(body, "error", "message");
  return reason === undefined ? "" : `: ${reason.replace(/\.$/, "")}`;
};
