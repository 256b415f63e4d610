import { chmodSync } from "node:fs";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as PasswordFile from "../src/internal/passwordFile.ts";
import { environment, folder } from "./support.ts";

const URL_WITHOUT = "postgres://app@db.example:5433/catalog";

const passwordOf = (url: string, lines: string, variables: { readonly [name: string]: string } = {}, mode = 0o600) =>
  Effect.gen(function* () {
    const home = yield* folder({ pgpass: lines });
    chmodSync(`${home}/pgpass`, mode);
    const whole = yield* Effect.provide(
      PasswordFile.complete(Redacted.make(url)),
      environment({ PGPASSFILE: `${home}/pgpass`, ...variables }),
    );
    return decodeURIComponent(new URL(Redacted.value(whole)).password);
  });

it.scoped("takes the password from the first line of the file that fits, where the URL has none", () =>
  Effect.gen(function* () {
    const lines = [
      "# db.example:5433:catalog:app:commented",
      "other:5433:catalog:app:wrong",
      "db.example:5433:*:app:p\\:a\\\\s@s/%",
      "*:*:*:*:late",
    ].join("\n");
    expect(yield* passwordOf(URL_WITHOUT, lines)).toBe("p:a\\s@s/%");
    expect(yield* passwordOf(URL_WITHOUT, "*:5432:*:*:other port\n")).toBe("");
    expect(yield* passwordOf("postgres://app@db.example/catalog", "*:5432:*:*:usual port\n")).toBe("usual port");
    expect(yield* passwordOf(URL_WITHOUT.replace("app@", "app:own@"), lines)).toBe("own");
  }),
);

it.scoped("prefers PGPASSWORD, and passes over a file that others may read", () =>
  Effect.gen(function* () {
    expect(yield* passwordOf(URL_WITHOUT, "*:*:*:*:file", { PGPASSWORD: "variable" })).toBe("variable");
    expect(yield* passwordOf(URL_WITHOUT, "*:*:*:*:file", {}, 0o644)).toBe("");
  }),
);
