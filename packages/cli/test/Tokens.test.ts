import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { daemon, program } from "./support.ts";

it.scoped("makes, lists and revokes tokens of the daemon by the words of admin token, and says who is calling", () =>
  Effect.gen(function* () {
    const connection = yield* daemon;
    const { run } = yield* program({}, connection);
    const made = yield* run(["token", "create", "--name", "ci", "--scope", "catalog:read", "--expires", "90d"]);
    expect(made).toMatchObject({ exit: 0, out: expect.stringMatching(/^cad_[\w-]{43}\n$/) });
    expect(made.err).toMatch(/^tok_[\w-]+ \(ci\), until \d{4}-.*The token above is not shown again\.\n$/);

    const other = yield* program({ token: made.out }, { CADASTRE_URL: connection.CADASTRE_URL });
    const asCi = (...words: ReadonlyArray<string>) => other.run([...words, "--token-file", `${other.home}/token`]);
    expect(yield* asCi("whoami")).toEqual({
      exit: 0,
      out: `  caller  token:ci\n  scopes  catalog:read\n  daemon  ${connection.CADASTRE_URL}\n`,
      err: "",
    });
    expect((yield* run(["whoami", "-oname"])).out).toBe("token:admin\n");
    expect(JSON.parse((yield* asCi("whoami", "-ojson")).out)).toEqual({ id: "token:ci", scopes: ["catalog:read"] });
    expect(yield* asCi("token", "list")).toMatchObject({
      exit: 5,
      err: expect.stringContaining("cadastre admin token create --name <name> --scope admin"),
    });

    expect((yield* run(["token", "list"])).out).toMatch(/^tok_\S+ +ci +good +catalog:read +\d{4}-\d\d-\d\d +/m);
    expect((yield* run(["token", "revoke", "ci"])).out).toMatch(/^revoked tok_\S+ \(ci\)\n$/);
    expect((yield* run(["token", "list"])).out).toMatch(/ ci +revoked /);
    expect(yield* run(["token", "revoke", "ci"])).toMatchObject({ exit: 3 });
  }),
);

it.scoped("says what is wrong with a token that is to be made", () =>
  Effect.gen(function* () {
    const { run } = yield* program({}, yield* daemon);
    const create = ["token", "create", "--name", "admin"];
    expect((yield* run([...create, "--scope", "root"])).err).toContain(
      '--scope must be one of: catalog:read, catalog:write, callbacks:manage, metrics:read, admin, not "root".',
    );
    expect(yield* run([...create, "--scope", "admin"])).toMatchObject({
      exit: 2,
      err: expect.stringContaining(`error: --name "admin" is a usable token's`),
    });
    expect((yield* run([...create, "--scope", "admin", "--expires", "soon"])).err).toContain("such as 12h, 30d or 52w");
  }),
);
