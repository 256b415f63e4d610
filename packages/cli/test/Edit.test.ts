import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { text } from "node:stream/consumers";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { daemon, listening, program } from "./support.ts";

const SHOP = `apiVersion: cadastre.dev/v1
kind: Component
metadata:
  name: shop
spec:
  type: service
  lifecycle: production
  owner: team
`;

/** An editor: notes the file as it is given, with its mode and arguments, then does what `sed` is told as its first argument. */
const EDITOR = `#!/bin/sh
home=$(dirname "$0")
calls=$(ls "$home" | grep -c '^seen')
for file; do :; done
{ stat -c %a "$file"; printf '%s\\n' "$*"; cat "$file"; } > "$home/seen$calls"
sed -i "$1" "$file"
`;

/** An editor in which somebody else is faster. */
const rival = ({
  CADASTRE_URL,
  CADASTRE_TOKEN,
}: {
  readonly CADASTRE_URL: string;
  readonly CADASTRE_TOKEN: string;
}) => `
import { readFileSync, writeFileSync } from "node:fs";
const ask = (path, init) => fetch("${CADASTRE_URL}/v1/entities/" + path, { headers: { authorization: "Bearer ${CADASTRE_TOKEN}" }, ...init });
const { metadata } = await (await ask("by-ref/component/default/shop")).json();
await ask(metadata.uid, process.argv[2] === "delete" ? { method: "DELETE" } : {
  method: "PATCH",
  headers: { authorization: "Bearer ${CADASTRE_TOKEN}", "content-type": "application/merge-patch+json" },
  body: '{"spec":{"owner":"theirs"}}',
});
const file = process.argv.at(-1);
writeFileSync(file, readFileSync(file, "utf8").replace("lifecycle: production", "lifecycle: mine"));
`;

/** The program with one entity registered, and `sed` as its editor. */
const editing = (variables: { readonly [name: string]: string } = {}) =>
  Effect.gen(function* () {
    const connection = yield* daemon;
    const files = { "shop.yaml": SHOP, "an editor": EDITOR, "rival.mjs": rival(connection) };
    const { home, run } = yield* program(files, { ...connection, ...variables });
    yield* run(["entity", "apply", `${home}/shop.yaml`]);
    const seen = () =>
      readdirSync(home)
        .filter((name) => name.startsWith("seen"))
        .map((name) => readFileSync(`${home}/${name}`, "utf8"));
    /** Runs `entity edit` in an environment with this editor. */
    const edit = (editor: (home: string) => string, ...words: ReadonlyArray<string>) =>
      Effect.flatMap(
        program({}, { ...connection, VISUAL: editor(home), EDITOR: "must-not-be-asked", ...variables }),
        (it) => it.run(["entity", "edit", "component:shop", ...words]),
      );
    const get = Effect.suspend(() =>
      Effect.map(run(["entity", "get", "shop", "-ojson"]), ({ out }) => JSON.parse(out)),
    );
    return { home, edit, seen, get };
  });

/** What the draft holds that a failure speaks of. It is removed. */
const takeDraft = (err: string): string => {
  const [, draft = ""] = /Your draft is kept in (.*)\.\n$/.exec(err) ?? [];
  const text = readFileSync(draft, "utf8");
  rmSync(dirname(draft), { recursive: true });
  return text;
};

const sed = (script: string) => (home: string) => `sh '${home}/an editor' '${script}'`;

it.scoped("edits the descriptor alone, in a file for the owner's eyes, which goes with the command", () =>
  Effect.gen(function* () {
    const { edit, seen, get } = yield* editing();
    expect(yield* edit(sed('s/: production/: in "two words"/'))).toEqual({
      exit: 0,
      out: "updated component:default/shop, revision 2\n",
      err: "",
    });
    expect((yield* get).spec.lifecycle).toBe('in "two words"');
    const [mode, words = "", ...text] = (seen()[0] ?? "").split("\n");
    expect(mode).toBe("600");
    expect(text.filter((line) => !line.startsWith("#")).join("\n")).toBe(
      SHOP.replace("name: shop\n", "name: shop\n  namespace: default\n"),
    );
    const file = words.replace(/^.* /, "");
    expect([file.endsWith(".yaml"), existsSync(dirname(file))]).toEqual([true, false]);
  }),
);

it.scoped("sends nothing where nothing was changed, the editor failed, cannot be run, or left nothing", () =>
  Effect.gen(function* () {
    const { edit, get } = yield* editing();
    const before = yield* get;
    expect(yield* edit(() => "true")).toMatchObject({
      exit: 0,
      out: "unchanged component:default/shop: there was no change, and nothing was sent.\n",
    });
    expect(yield* edit(sed("s/^spec:/spec: # a comment/"))).toMatchObject({ exit: 0 });
    expect(yield* edit(() => "false")).toMatchObject({
      exit: 7,
      err: "error: Nothing was sent: the editor (false) ended with 1.\n",
    });
    expect(yield* edit(() => "no-such-editor --wait")).toMatchObject({
      exit: 7,
      err: expect.stringContaining("(no-such-editor --wait) cannot be run.\nSet VISUAL or EDITOR"),
    });
    expect(yield* edit(() => "truncate -s 0")).toMatchObject({
      exit: 1,
      err: "error: Nothing was sent: the file is empty.\n",
    });
    expect(yield* get).toEqual(before);
  }),
);

it.scoped(
  "shows faults in the editor again, at the lines where they stand then, and gives up on what stays as it is",
  () =>
    Effect.gen(function* () {
      const { edit, seen, get } = yield* editing();
      const { exit, err } = yield* edit(sed("s/^kind:.*/kind:/"));
      expect(exit).toBe(1);
      expect(err).toContain("Nothing was sent: it cannot be taken like this, and was not changed again.\n");
      const [, line = "0"] = /^# {3}line (\d+): \/kind: /m.exec(seen()[1] ?? "") ?? [];
      expect((seen()[1] ?? "").split("\n").slice(2)[Number(line) - 1]).toBe("kind:");
      const [, draft = ""] = /Your draft is kept in (.*)\.\n$/.exec(err) ?? [];
      expect(readFileSync(draft, "utf8")).toContain("\nkind:\n");
      rmSync(dirname(draft), { recursive: true });

      const renamed = yield* edit(sed("s/name: shop/name: store/"));
      expect(renamed.err).toContain("this is component:default/store now, and has to remain component:default/shop");
      expect(takeDraft(renamed.err)).toContain("name: store\n");
      // Mended the second time: the comment that tells of the fault is what it goes by.
      const mended = yield* edit(
        sed("/cannot be taken/,$s/^kind:.*/kind: Component/;1,4s/^kind:.*/kind:/;s/: team/: crew/"),
      );
      expect(mended).toMatchObject({ exit: 0, out: "updated component:default/shop, revision 2\n" });
      expect((yield* get).spec.owner).toBe("crew");
    }),
);

it.scoped("never writes over what somebody else wrote meanwhile, and keeps the draft", () =>
  Effect.gen(function* () {
    const { edit, get } = yield* editing();
    const { exit, err } = yield* edit((home) => `node '${home}/rival.mjs'`);
    expect(exit).toBe(4);
    expect(err).toContain(
      "Nothing was written: component:default/shop was changed by somebody else while you edited it.",
    );
    expect((yield* get).spec).toMatchObject({ owner: "theirs", lifecycle: "production" });
    expect(takeDraft(err)).toContain("lifecycle: mine\n");
  }),
);

it.scoped("keeps the draft where the entity was deleted meanwhile", () =>
  Effect.gen(function* () {
    const { edit } = yield* editing();
    const { exit, err } = yield* edit((home) => `node '${home}/rival.mjs' delete`);
    expect(exit).toBe(3);
    expect(takeDraft(err)).toContain("lifecycle: mine\n");
  }),
);

it.scoped("keeps the draft, and says where, at a fault of the program and at an interruption", () =>
  Effect.gen(function* () {
    const { CADASTRE_URL, ...token } = yield* daemon;
    /** Passes on all but what writes, and answers that with what is no entity. */
    const url = yield* listening(async (request, response) => {
      const body = request.method === "GET" ? undefined : await text(request);
      const { authorization = "", "content-type": type = "" } = request.headers;
      const answer = await fetch(`${CADASTRE_URL}${request.url}`, {
        method: request.method ?? "GET",
        headers: { authorization, "content-type": type },
        ...(body === undefined ? {} : { body }),
      });
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
      response.end(request.method === "PUT" ? "<html>" : await answer.text());
    });
    const files = { "shop.yaml": SHOP, "an editor": EDITOR };
    const { home, run } = yield* program(files, { ...token, CADASTRE_URL, EDITOR: "true" });
    yield* run(["entity", "apply", `${home}/shop.yaml`]);
    const edit = (editor: string) =>
      Effect.flatMap(program({}, { ...token, CADASTRE_URL: url, VISUAL: editor }), (it) =>
        it.run(["entity", "edit", "shop"]),
      );

    const faulty = yield* edit(sed("s/: production/: mine/")(home));
    expect(faulty.exit).toBe(70);
    const [, named = ""] = /^(Your draft is kept in .*\.\n)error: Internal error: /.exec(faulty.err) ?? [];
    expect(takeDraft(named)).toContain("lifecycle: mine\n");

    const script = `for f; do :; done; sed -i "s/: team/: mine/" "$f"; kill -INT $$`;
    const interrupted = yield* edit(`sh -c '${script}' sh`);
    expect(interrupted.exit).toBe(130);
    expect(takeDraft(interrupted.err)).toContain("owner: mine\n");
    expect((yield* edit(`sh -c 'kill -INT $$' sh`)).err).toMatch(/was interrupted\.\n$/);
  }),
);

it.scoped("says that there is no editor where none is set and none of the usual ones is there", () =>
  Effect.gen(function* () {
    const { edit } = yield* editing({ VISUAL: "", EDITOR: " ", PATH: "/nowhere" });
    expect(yield* edit(() => "")).toMatchObject({ exit: 7, err: expect.stringContaining("There is no editor") });
  }),
);
