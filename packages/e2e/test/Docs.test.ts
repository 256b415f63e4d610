/**
 * What the pages show is what happens: their commands are run, their data read, their settings loaded.
 */
import { spawnSync } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Documents from "@cadastre/descriptors/Documents";
import * as Validation from "@cadastre/domain/Validation";
import * as Markdown from "@cadastre/e2e/Markdown";
import * as Program from "@cadastre/e2e/Program";
import * as Receiver from "@cadastre/e2e/Receiver";
import * as Session from "@cadastre/e2e/Session";
import * as PostgresDatabase from "@cadastre/testing/PostgresDatabase";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";

const pages = Markdown.pages().map((page) => ({ page, blocks: Markdown.blocks(page) }));

const all = pages.flatMap(({ blocks }) => blocks);

/** Shown as they look; nothing of them can be tried. */
const ILLUSTRATIONS = ["text", "http"];

/** Programs that other tests take out of their pages, compile and run. */
const ELSEWHERE = [/^docs\/rest\.md/, /^packages\/sdk\/README\.md/];

/** What pages take for granted, and is not here. */
const missing = ["bash", "curl", "jq", "openssl"].filter((name) => spawnSync(name, ["--version"]).error !== undefined);

describe("the pages", () => {
  it("say of each block what it is", () => {
    const known = ["console", "sh", "json", "yaml", "js", "ts", ...ILLUSTRATIONS];
    expect(all.filter(({ language }) => !known.includes(language)).map(({ place }) => place)).toEqual([]);
    const programs = all.filter(({ language, reason }) => language === "ts" && reason === undefined);
    expect(programs.filter(({ place }) => !ELSEWHERE.some((page) => page.test(place)))).toEqual([]);
  });

  it("show data that can be read, and descriptors without a fault", () => {
    const faults = all
      .filter(({ language, reason }) => (language === "json" || language === "yaml") && reason === undefined)
      .flatMap(({ place, language, text }) =>
        Documents.readText(text, { file: `block.${language}` }).flatMap(({ content }) => {
          const faultsOf = Either.match(content, {
            onLeft: (faults) => faults,
            onRight: (value) =>
              isDescriptor(value) ? Either.merge(Either.map(Validation.validate(value), () => [])) : [],
          });
          return faultsOf.map(({ path, message }) => `${place}: ${path}: ${message}`);
        }),
      );
    expect(faults).toEqual([]);
  });

  it.scopedLive("show settings that the program takes", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      mkdirSync(join(home.config, "cadastre"));
      const settings = all.filter(
        ({ place, language }) => language === "yaml" && place.startsWith("docs/configuration.md"),
      );
      expect(settings).not.toEqual([]);
      for (const { place, text } of settings) {
        writeFileSync(join(home.config, "cadastre/config.yaml"), text);
        const { code, stderr } = yield* Program.run(home, ["config"]);
        expect([place, code, stderr.split("\n")[0]]).toEqual([place, 0, ""]);
      }
    }),
  );

  it("show a check of signatures that tells good from bad", async () => {
    const source = all.find(({ language }) => language === "js")?.text ?? "";
    const { isAuthentic } = await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(source)}`);
    const key = randomBytes(24);
    const headers = (body: string, at: number) => ({
      "webhook-id": "msg_1",
      "webhook-timestamp": String(at),
      "webhook-signature": `v1,AAAA v1,${createHmac("sha256", key).update(`msg_1.${at}.${body}`).digest("base64")}`,
    });
    const now = Date.now();
    const given = headers("{}", Math.floor(now / 1000));
    const secret = `whsec_${key.toString("base64")}`;
    expect(isAuthentic(given, Buffer.from("{}"), secret, now)).toBe(true);
    expect(isAuthentic(given, Buffer.from("{ }"), secret, now)).toBe(false);
    expect(isAuthentic(given, Buffer.from("{}"), secret, now + 301_000)).toBe(false);
    expect(isAuthentic({}, Buffer.from("{}"), secret, now)).toBe(false);
  });
});

const isDescriptor = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "apiVersion" in value && "kind" in value && "metadata" in value;

const POSTGRES = "postgres://cadastre@db.internal:5432/catalog";

/** A page that fills its catalog, or moves it, has one of its own; the others share one. */
const isAlone = (steps: ReadonlyArray<Session.Step>) =>
  steps.some(({ command }) => command.includes("admin seed") || command.includes(POSTGRES));

const stepsOfPages = pages.map(({ page, blocks }) => [page, Session.stepsOf(blocks)] as const);

const sessions = [
  ...stepsOfPages.filter(([, steps]) => isAlone(steps)),
  ["the others", stepsOfPages.flatMap(([, steps]) => (isAlone(steps) ? [] : steps))] as const,
];

describe.skipIf(missing.includes("bash"))("the commands of the pages do what they say", () => {
  for (const [name, steps] of sessions) {
    const isAble = !missing.some((program) => steps.some(({ command }) => command.includes(`${program} `)));
    (isAble ? it.scopedLive : it.scopedLive.skip)(name, () =>
      Effect.gen(function* () {
        const home = yield* homeOfUser;
        const receiver = yield* Receiver.make();
        const daemon = yield* Program.daemon(home, [], { env: Receiver.ALLOWED });
        const stands: Session.Stands = [
          ["http://127.0.0.1:7717", daemon.url],
          ["cad_…", daemon.token],
          ["https://deploys.example.com/hooks/cadastre", receiver.url],
          ...(steps.some(({ command }) => command.includes(POSTGRES))
            ? ([[POSTGRES, yield* PostgresDatabase.create("18")]] as const)
            : []),
        ];
        expect((yield* Session.run(home, steps, stands)).join("\n\n")).toBe("");
      }),
    );
  }
});

/** Where one's files are if no variable says otherwise. */
const homeOfUser = Effect.map(Program.home, (home): Program.Home => {
  const [config, state] = [join(home.folder, ".config"), join(home.folder, ".local/state")];
  for (const folder of [config, state]) mkdirSync(folder, { recursive: true });
  return { ...home, config, state };
});
