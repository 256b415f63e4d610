import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { daemon, program } from "./support.ts";

/** Public, so that it may be a target; nothing changes here, so that nothing is sent there. */
const WEBHOOK = ["--webhook", "https://93.184.215.14/hooks"];

const SECRET = /^whsec_[A-Za-z0-9+/]{43}=\n$/;

const cadastre = (files: { readonly [path: string]: string } = {}) =>
  Effect.gen(function* () {
    const variables = yield* daemon;
    const { home, run } = yield* program(files, variables);
    return {
      home,
      variables,
      run,
      subscription: (...words: ReadonlyArray<string>) => run(["subscription", ...words]),
      create: (...words: ReadonlyArray<string>) => run(["subscription", "create", ...words]),
    };
  });

it.scoped("creates a webhook, whose secret stands alone on standard output, and shows it", () =>
  Effect.gen(function* () {
    const { create, subscription } = yield* cadastre();
    expect(yield* subscription("list")).toEqual({ exit: 0, out: "", err: "There are no subscriptions.\n" });
    const filter = "kind == 'Component'";
    const options = ["--filter", filter, "--rate-limit", "5", "--ordered", "--type", "entity.created"];
    const created = yield* create("--name", "deploys", ...WEBHOOK, ...options);
    expect(created.exit).toBe(0);
    expect(created.out).toMatch(SECRET);
    expect(created.err).toMatch(/^created deploys \(sub_[0-9a-f-]{36}\)\. .* it is not shown again\.\n$/);
    const id = /sub_[0-9a-f-]+/.exec(created.err)?.[0] ?? "";

    const table = yield* subscription("list");
    expect(table.out).toMatch(
      /^NAME +CHANNEL +STATE +PENDING +HELD +DEAD +FILTER\ndeploys +webhook +enabled +0 +0 +0 /,
    );
    expect((yield* subscription("list", "-oname")).out).toBe("deploys\n");
    const json = yield* subscription("get", "DEPLOYS", "-ojson");
    expect(JSON.parse(json.out)).toMatchObject({
      id,
      name: "deploys",
      channel: { type: "webhook", url: "https://93.184.215.14/hooks" },
      types: ["entity.created"],
      filter,
      rateLimit: 5,
      ordered: true,
      enabled: true,
      revision: 1,
    });
    expect((yield* subscription("get", id)).out).toContain("name: deploys\nchannel:\n  type: webhook\n");
    expect(JSON.parse((yield* subscription("list", "-ojson")).out)).toEqual([JSON.parse(json.out)]);
    expect(json.out + table.out).not.toContain("whsec_");
  }),
);

it.scoped("replaces a secret, disables, enables, changes and deletes", () =>
  Effect.gen(function* () {
    const { create, subscription } = yield* cadastre();
    const { out: first } = yield* create("--name", "deploys", ...WEBHOOK, "--filter", "true");
    const rotated = yield* subscription("rotate-secret", "deploys", "--overlap", "60");
    expect(rotated.out).toMatch(SECRET);
    expect(rotated.out).not.toBe(first);
    expect(rotated.err).toContain("replaced the secret of deploys.");

    expect(yield* subscription("disable", "deploys")).toEqual({ exit: 0, out: "disabled deploys\n", err: "" });
    expect((yield* subscription("list")).out).toContain("disabled (requested)");
    expect(yield* subscription("enable", "deploys")).toEqual({ exit: 0, out: "enabled deploys\n", err: "" });

    expect((yield* subscription("update", "deploys", "--filter", "", "--name", "releases")).out).toMatch(
      /^updated releases, revision \d+\n$/,
    );
    expect(JSON.parse((yield* subscription("get", "releases", "-ojson")).out)).not.toHaveProperty("filter");

    expect(yield* subscription("delete", "releases")).toEqual({ exit: 0, out: "deleted releases\n", err: "" });
    expect(yield* subscription("delete", "releases")).toMatchObject({ exit: 3 });
    expect((yield* subscription("list", "-ojson")).out).toBe("[]\n");
  }),
);

it.scoped("creates from a file what has no option, disabled if that is asked for", () =>
  Effect.gen(function* () {
    const url = "https://93.184.215.14/services/x";
    const { home, create, subscription } = yield* cadastre({
      "chat.yaml": `name: chat\nchannel:\n  type: chat\n  shape: slack\nsecrets:\n  url: ${url}\n`,
    });
    const created = yield* create("--file", `${home}/chat.yaml`, "--disabled");
    expect(created).toMatchObject({ exit: 0, err: "" });
    expect(created.out).toMatch(/^created chat \(sub_/);
    const { out } = yield* subscription("get", "chat", "-ojson");
    expect(JSON.parse(out)).toMatchObject({ enabled: false, disabled: { reason: "requested" } });
    expect(out).not.toContain(url);
    const refused = yield* subscription("rotate-secret", "chat");
    expect(refused).toMatchObject({ exit: 2, out: "" });
    expect(refused.err).toContain("has no signing secret: only those of webhook channels do");
  }),
);

it.scoped("says what is wrong with the settings, and creates nothing", () =>
  Effect.gen(function* () {
    const { home, create, subscription } = yield* cadastre({
      "list.yaml": "- a\n",
      "open.yaml": "a: [",
      "spoon.yaml": "name: x\nspoon: 1\n",
    });
    const named = ["--name", "x"];
    for (const [words, exit, why] of [
      [[...named], 2, "channel is missing"],
      [WEBHOOK, 2, "--name is missing"],
      [["--name", "x y", ...WEBHOOK], 2, "--name must be 1 to 63 letters and digits"],
      [[...named, "--webhook", "http://127.0.0.1/"], 2, "127.0.0.1 is a loopback address"],
      [[...named, "--webhook", "spoon"], 2, "is not a URL"],
      [[...named, ...WEBHOOK, "--filter", "spoon ("], 2, "--filter, line 1, column 8"],
      [[...named, ...WEBHOOK, "--type", "spoon"], 2, "--type must be one of: entity.created, "],
      [[...named, ...WEBHOOK, "--rate-limit", "0"], 2, "rate-limit"],
      [["--file", `${home}/list.yaml`], 2, "does not hold the settings of a subscription: it is no map"],
      [["--file", `${home}/open.yaml`], 2, "does not hold the settings of a subscription: Flow sequence"],
      [["--file", `${home}/spoon.yaml`], 2, "spoon is unexpected"],
      [["--file", `${home}/none.yaml`], 7, "none.yaml cannot be read"],
    ] as const) {
      const refused = yield* create(...words);
      expect(refused, words.join(" ")).toMatchObject({ exit, out: "" });
      expect(refused.err, words.join(" ")).toContain(why);
    }
    expect((yield* subscription("list", "-ojson")).out).toBe("[]\n");
  }),
);

it.scoped("says what is wrong with a command, and changes nothing", () =>
  Effect.gen(function* () {
    const { create, subscription } = yield* cadastre();
    yield* create("--name", "deploys", ...WEBHOOK);
    const { out: before } = yield* subscription("get", "deploys");
    expect((yield* create("--name", "Deploys", ...WEBHOOK)).exit).toBe(4);
    for (const command of [
      "get",
      "update",
      "enable",
      "disable",
      "rotate-secret",
      "deliveries",
      "redeliver",
      "delete",
    ]) {
      const unknown = yield* subscription(command, "spoon");
      expect(unknown, command).toMatchObject({ exit: 3, out: "" });
      expect(unknown.err, command).toContain('There is no subscription "spoon".\n`cadastre subscription list` shows');
    }
    for (const [words, why] of [
      [["update", "deploys"], "There is nothing to change.\nGive an option, or --file."],
      [["rotate-secret", "deploys", "--overlap", "99999999"], "--overlap must be a whole number from 0 to 604800"],
      [["redeliver", "deploys", "msg_x"], "is not the id of a delivery"],
    ] as const) {
      const refused = yield* subscription(...words);
      expect(refused, words.join(" ")).toMatchObject({ exit: 2, out: "" });
      expect(refused.err, words.join(" ")).toContain(why);
    }
    expect((yield* subscription("get", "deploys")).out).toBe(before);
  }),
);

it.scoped("takes its token from a command, as the others do", () =>
  Effect.gen(function* () {
    const { CADASTRE_URL, CADASTRE_TOKEN } = yield* daemon;
    const { run } = yield* program({}, { CADASTRE_URL });
    const list = ["subscription", "list"];
    expect((yield* run(list)).exit).toBe(5);
    expect((yield* run([...list, "--token-command", `echo ${CADASTRE_TOKEN}`])).exit).toBe(0);
    expect((yield* run([...list, "--token-command", "echo cad_of_another"])).exit).toBe(5);
  }),
);
