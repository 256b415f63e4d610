import type { Channel } from "@cadastre/domain/Channel";
import { describe, expect, it } from "@effect/vitest";
import * as AdaptiveCards from "adaptivecards";
import * as Effect from "effect/Effect";
import { changed, channels, deliver, faults, ping, receiver, secrets, trusting } from "./support.ts";

const chat = (shape: "slack" | "mattermost" | "teams"): Channel => ({ type: "chat", shape });

/** What a chat was sent for a callback. */
const sent = (shape: "slack" | "mattermost" | "teams", callback = changed()) =>
  Effect.gen(function* () {
    const { url, requests } = yield* receiver();
    const attempt = yield* deliver(chat(shape), secrets({ url: `${url}/services/T0/B0/xyz` }), callback);
    expect(attempt).toMatchObject({ outcome: "delivered", status: 200 });
    expect(requests[0]).toMatchObject({ method: "POST", url: "/services/T0/B0/xyz" });
    return JSON.parse(requests[0]?.body ?? "");
  }).pipe(Effect.scoped, Effect.provide(channels()));

/** A name, a path and a value that try to call, link, format and break out. */
const HOSTILE = "<!channel> @all *b* `x` </at> [l](http://evil) & \u202e\u001b[31m\nnew line";
const hostile = changed({
  event: {
    actor: HOSTILE,
    patch: [
      { op: "replace", path: `/metadata/annotations/${HOSTILE}`, value: HOSTILE },
      { op: "add", path: "/spec/list", value: [1, { a: HOSTILE }] },
      { op: "remove", path: "/spec/gone" },
      { op: "move", from: "/a", path: "/b" },
    ],
  },
});

const many = changed({
  event: {
    patch: Array.from({ length: 500 }, (_, i) => ({
      op: "replace",
      path: `/spec/<&>${"p".repeat(500)}/${i}`,
      value: "<&>".repeat(5000),
    })),
  },
});

describe("a chat", () => {
  it.effect("of Slack's shape tells what changed, with a text for notifications", () =>
    Effect.gen(function* () {
      expect(yield* sent("slack")).toEqual({
        text: "`component:default/payments` was changed by `token:tests` (revision 1)",
        blocks: [
          {
            type: "section",
            text: {
              type: "mrkdwn",
              text: "`component:default/payments` was changed by `token:tests` (revision 1)",
              verbatim: true,
            },
          },
          { type: "section", text: { type: "mrkdwn", text: "`/spec/owner` is now `team-b`", verbatim: true } },
        ],
      });
    }),
  );

  it.effect("of Slack's shape calls nobody and links nowhere that others wrote", () =>
    Effect.gen(function* () {
      const body = JSON.stringify(yield* sent("slack", hostile));
      expect(body).toContain("&lt;!channel&gt;");
      expect(body).not.toMatch(/[<>]/);
      expect(body).not.toContain("\u202e");
      expect(body).not.toMatch(/[^\\]\\u001b/); // of what was JSON already, the text of the escape is left
      // Every backtick is ours: they come in pairs around what others wrote.
      expect(body).toContain(
        "`&lt;!channel&gt; @all *b* \u02cbx\u02cb &lt;/at&gt; [l](http://evil) &amp; \ufffd\ufffd[31m new line`",
      );
    }),
  );

  it.effect("of Slack's shape stays within the limits of a block", () =>
    Effect.gen(function* () {
      const { blocks } = yield* sent("slack", many);
      for (const { text } of blocks) expect(text.text.length).toBeLessThanOrEqual(3000);
      expect(blocks[1].text.text.split("\n").length).toBeGreaterThan(1);
    }),
  );

  it.effect("of Mattermost's shape writes names and values as code, and no call that it would rewrite", () =>
    Effect.gen(function* () {
      expect(yield* sent("mattermost")).toEqual({
        text: "`component:default/payments` was changed by `token:tests` (revision 1)\n- `/spec/owner` is now `team-b`",
      });
      const { text } = yield* sent("mattermost", hostile);
      expect(text).not.toMatch(/<[^\u200b]/);
      for (const line of text.split("\n"))
        expect(line.replace(/`[^`]*`/g, "").replace(/^- /, "")).toMatch(/^[a-zA-Z0-9 ():]*$/);
    }),
  );

  it.effect("of Teams' shape is an Adaptive Card that the public library takes, with every text as it is", () =>
    Effect.gen(function* () {
      const message = yield* sent("teams", hostile);
      expect(message).toMatchObject({
        type: "message",
        attachments: [{ contentType: "application/vnd.microsoft.card.adaptive" }],
      });
      const context = new AdaptiveCards.SerializationContext();
      const card = new AdaptiveCards.AdaptiveCard();
      card.parse(message.attachments[0].content, context);
      expect(context.eventCount).toBe(0);
      expect(card.validateProperties().validationEvents).toEqual([]);
      expect(card.getItemCount()).toBe(5);
      const texts = message.attachments[0].content.body.flatMap(
        (block: { type: string; inlines: ReadonlyArray<{ text: string }> }) => {
          expect(block.type).toBe("RichTextBlock"); // the only element whose text is not Markdown
          return block.inlines.map(({ text }) => text);
        },
      );
      expect(texts).toContain("<!channel> @all *b* `x` </at> [l](http://evil) & \ufffd\ufffd[31m new line");
      expect(JSON.stringify(yield* sent("teams", many)).length).toBeLessThan(28_000);
    }),
  );

  it.effect("tells each kind of change in its words, and how many more there were", () =>
    Effect.gen(function* () {
      const title = (type: string) =>
        Effect.map(sent("mattermost", changed({ event: { type, patch: [] } })), ({ text }) => text);
      expect(yield* title("entity.created")).toBe(
        "`component:default/payments` was registered by `token:tests` (revision 1)",
      );
      expect(yield* title("entity.deleted")).toContain("was deleted by");
      expect(yield* title("entity.activated")).toContain("is active again by");
      expect(yield* title("entity.deactivated")).toContain("was retired by");
      expect((yield* sent("mattermost", ping)).text).toBe("A test: what happens in the catalog will be told here.");
      const lines = (yield* sent("mattermost", many)).text.split("\n");
      expect(lines).toHaveLength(12);
      expect(lines.at(-1)).toBe("- and 490 more changes");
    }),
  );

  it.scopedLive("keeps its URL to itself, whatever the receiver says", () =>
    Effect.gen(function* () {
      const { url } = yield* receiver((request, response) => {
        response
          .writeHead(302, { location: `https://elsewhere.example${request.url}` })
          .end(`no ${url}${request.url} and ${request.url}`);
      });
      const secret = `${url}/services/T0/B0/xyz?token=abc`;
      const attempt = yield* deliver(chat("slack"), secrets({ url: secret }));
      expect(attempt).toMatchObject({ outcome: "failed", failure: "redirect", answer: "no [secret] and [secret]" });
      expect(JSON.stringify(attempt)).not.toMatch(/xyz|abc/);
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("is gone when the channel was archived, and no message is sent twice by us", () =>
    Effect.gen(function* () {
      yield* trusting;
      let gone = false;
      const { url, requests } = yield* receiver((_, response, raw) => {
        if (gone) response.writeHead(410).end("channel_is_archived");
        else if (requests.length > 1) raw.socket.destroy();
        else response.end("ok");
      }, true);
      const send = deliver(chat("slack"), secrets({ url }));
      yield* send;
      expect(yield* send).toMatchObject({ outcome: "failed", failure: "connect" });
      expect(requests).toHaveLength(2);
      gone = true;
      expect(yield* send).toMatchObject({ outcome: "gone", status: 410, answer: "channel_is_archived" });
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("is checked without its URL being repeated", () =>
    Effect.gen(function* () {
      expect(yield* faults(chat("slack"), {})).toEqual([
        "/secrets/url is missing: the URL of the chat's incoming webhook",
      ]);
      const [fault] = yield* faults(chat("teams"), secrets({ url: "http://93.184.215.14/secret-path" }));
      expect(fault).toContain("/secrets/url is refused: a secret would travel unencrypted over http");
      expect(fault).not.toContain("secret-path");
      expect(yield* faults(chat("teams"), secrets({ url: "https://93.184.215.14/secret-path" }))).toEqual([]);
    }).pipe(Effect.provide(channels())),
  );
});
