/**
 * Messages to incoming webhooks of chats. What others wrote is shown as they wrote it: it neither formats nor calls anyone.
 */
import type { ChatChannel } from "@cadastre/domain/Channel";
import type { JsonObject } from "@cadastre/domain/Json";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { type Adapter, type Tools, targetFaults, targetOf, wrong } from "./adapter.ts";
import { succeeded } from "./attempts.ts";
import { type Piece, type Wording, wordingOf } from "./wording.ts";

type Shape = (typeof ChatChannel.Type)["shape"];

/** Milliseconds to wait for the rest of an answer whose status was 2xx. */
const PATIENCE = 1000;

export const make = (tools: Tools): Adapter<typeof ChatChannel.Type> => ({
  check: (_, { url }) =>
    url === undefined
      ? Effect.succeed([{ path: "/secrets/url", message: "is missing: the URL of the chat's incoming webhook" }])
      : targetFaults(tools, "/secrets/url", Redacted.value(url), true),

  deliver: ({ shape }, { url }, callback, trace) =>
    Effect.gen(function* () {
      if (url === undefined) return yield* wrong("There is no URL of an incoming webhook: set the secret url.");
      const target = yield* targetOf(tools.guard, Redacted.value(url), true);
      const { href, pathname, search } = target.url;
      for (const secret of [Redacted.value(url), href, pathname + search, pathname, search]) {
        if (secret.length > 1) trace.hidden.add(secret);
      }
      const answer = yield* tools.client.send(
        {
          target,
          method: "POST",
          headers: { "content-type": "application/json; charset=utf-8" },
          body: JSON.stringify(PAYLOADS[shape](wordingOf(callback))),
          // Twice sent is twice read, by people.
          repeatable: false,
          patience: PATIENCE,
        },
        trace,
      );
      yield* succeeded(answer);
      return { message: `The chat took it (${answer.status}).`, answer };
    }),
});

/** Slack takes `<!channel>` for a call and a link, hence `&`, `<` and `>` are escaped ("Formatting text for app surfaces"). */
const slack = (piece: Piece): string => {
  const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return typeof piece === "string" ? escaped(piece) : `\`${escaped(inTicks(piece.code))}\``;
};

/** Mattermost reads Markdown, in which code calls nobody; but first it rewrites what Slack would take for a call or a link. */
const mattermost = (piece: Piece): string =>
  typeof piece === "string" ? piece : `\`${inTicks(piece.code).replaceAll("<", "<\u200b")}\``;

/** A backtick would end the code: replaced by what looks like it. */
const inTicks = (code: string): string => code.replaceAll("`", "\u02cb").trim() || " ";

/** Runs of a rich text are shown as they are; those of a plain block are Markdown. */
const teams = (pieces: ReadonlyArray<Piece>, weight: "Default" | "Bolder"): JsonObject => ({
  type: "RichTextBlock",
  inlines: pieces.map((piece) => ({
    type: "TextRun",
    text: typeof piece === "string" ? piece : piece.code,
    weight,
    fontType: typeof piece === "string" ? "Default" : "Monospace",
  })),
});

const PAYLOADS: { readonly [S in Shape]: (wording: Wording) => JsonObject } = {
  // `text` is what notifications show.
  slack: ({ title, changes }) => ({
    text: line(title, slack),
    blocks: [[title], changes]
      .filter((lines) => lines.length > 0)
      .map((lines) => ({
        type: "section",
        text: {
          type: "mrkdwn",
          text: within(
            lines.map((pieces) => line(pieces, slack)),
            SLACK_SECTION,
          ),
          verbatim: true,
        },
      })),
  }),

  mattermost: ({ title, changes }) => ({
    text: [title, ...changes.map((change) => ["- ", ...change])].map((pieces) => line(pieces, mattermost)).join("\n"),
  }),

  teams: ({ title, changes }) => ({
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          body: [teams(title, "Bolder"), ...changes.map((change) => teams(change, "Default"))],
        },
      },
    ],
  }),
};

/** Characters of a section's text (Slack, "Section block"). */
const SLACK_SECTION = 3000;

const line = (pieces: ReadonlyArray<Piece>, render: (piece: Piece) => string): string => pieces.map(render).join("");

/** As many whole lines as fit. */
const within = (lines: ReadonlyArray<string>, limit: number): string => {
  let text = "";
  for (const next of lines) {
    if (text.length + next.length + 2 > limit) return `${text}…`;
    text += `${next}\n`;
  }
  return text.trimEnd();
};
