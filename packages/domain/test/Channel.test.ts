import { inspect } from "node:util";
import { describe, expect, it } from "@effect/vitest";
import * as Either from "effect/Either";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import { Channel, rotate, Secrets, SigningSecret } from "../src/Channel.ts";

const whsec = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString("base64")}`;
const decodes = <A, I>(schema: Schema.Schema<A, I>, value: unknown) =>
  Either.isRight(Schema.decodeUnknownEither(schema)(value));

describe("a signing secret", () => {
  it("is whsec_ and the base64 of 24 to 64 bytes", () => {
    for (const bytes of [24, 25, 26, 32, 63, 64])
      expect([bytes, decodes(SigningSecret, whsec(bytes))]).toEqual([bytes, true]);
    const bad = [
      "",
      "whsec_",
      whsec(23),
      whsec(65),
      whsec(32).slice(6),
      whsec(32).slice(0, -1),
      `${whsec(32)}\n`,
      `${whsec(30)}=`,
      "whsec_????".padEnd(50, "?"),
    ];
    for (const text of bad) expect([text, decodes(SigningSecret, text)]).toEqual([text, false]);
  });

  it("goes on signing after a rotation, until its time", () => {
    const [a, b, c] = [24, 25, 26].map((bytes) => Redacted.make(whsec(bytes))) as [
      Redacted.Redacted,
      Redacted.Redacted,
      Redacted.Redacted,
    ];
    const once = rotate({ current: a, previous: [] }, b, 0, 100);
    expect(once).toEqual({ current: b, previous: [{ secret: a, until: 100 }] });
    expect(rotate(once, c, 99, 200).previous).toEqual([
      { secret: b, until: 200 },
      { secret: a, until: 100 },
    ]);
    expect(rotate(once, c, 100, 200).previous).toEqual([{ secret: b, until: 200 }]);
  });
});

describe("secrets", () => {
  it("are plain only when they are encoded", () => {
    const encoded = {
      signing: { current: whsec(32), previous: [{ secret: whsec(24), until: 5 }] },
      password: "hunter2",
      clientSecret: "hunter3",
      url: "https://chat.example.com/hunter4",
    };
    const secrets = Schema.decodeUnknownSync(Secrets)(encoded);
    expect(`${inspect(secrets, { depth: 9 })}${JSON.stringify(secrets)}`).not.toMatch(/hunter|whsec/);
    expect(Schema.encodeSync(Secrets)(secrets)).toEqual(encoded);
  });
});

describe("a channel", () => {
  const serviceNow = {
    type: "servicenow",
    instance: "https://example.service-now.com",
    target: { interface: "table", table: "cmdb_ci_service" },
    fields: { name: "{/entity/metadata/name}" },
    auth: { type: "basic", username: "cadastre" },
  };

  it("has its defaults", () => {
    expect(Schema.decodeUnknownSync(Channel)(serviceNow)).toEqual({
      ...serviceNow,
      target: { ...serviceNow.target, correlationField: "correlation_id" },
      correlationId: "{/entity/metadata/uid}",
    });
  });

  it("takes names of tables and fields that cannot change a path or a query", () => {
    for (const name of ["cmdb/../x", "a?b", "a^b", "a b", "", "1a", "a=b", "a%2fb", "a".repeat(81)]) {
      for (const value of [
        { ...serviceNow, target: { interface: "table", table: name } },
        { ...serviceNow, target: { interface: "table", table: "x", correlationField: name } },
        { ...serviceNow, target: { interface: "import", table: name } },
        { ...serviceNow, target: { interface: "ire", table: name, dataSource: "x" } },
        { ...serviceNow, fields: { [name]: "x" } },
      ]) {
        expect([value, decodes(Channel, value)]).toEqual([value, false]);
      }
    }
    expect(decodes(Channel, { ...serviceNow, auth: { type: "basic", username: "a:b" } })).toBe(false);
    expect(decodes(Channel, { type: "webhook", url: "x".repeat(2049) })).toBe(false);
    expect(decodes(Channel, { type: "chat", shape: "irc" })).toBe(false);
  });
});
