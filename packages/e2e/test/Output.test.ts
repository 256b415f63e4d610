import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Program from "@cadastre/e2e/Program";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";

/** The start of a terminal's control sequence. */
const ESCAPE = "\u001b";

describe("the program's output", () => {
  it.scopedLive("has no colour codes and no progress bars in a pipe", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      const seeded = yield* Program.run(home, ["admin", "seed"]);
      const daemon = yield* Program.daemon(home, ["--log-format", "pretty"]).pipe(
        Effect.catchAll(() => Program.daemon(home)),
      );
      const version = yield* Program.run(home, ["--version"]);
      expect(version).toMatchObject({ code: 0, stdout: (yield* Program.run(home, ["version"])).stdout, stderr: "" });
      for (const words of [
        ["entity", "list"],
        ["entity", "get", "payments"],
        ["entity", "get", "nothing-like-it"],
        ["entity", "apply", "missing.yaml"],
        ["config"],
        ["--help"],
        ["entity", "apply", "--help"],
        ["no-such-command"],
      ]) {
        const { stdout, stderr } = yield* Program.run(home, words);
        expect(stdout + stderr, words.join(" ")).not.toContain(ESCAPE);
        expect(stdout + stderr, words.join(" ")).not.toBe("");
      }
      expect(seeded.stdout + seeded.stderr + daemon.stderr()).not.toContain(ESCAPE);
    }),
  );

  it.scopedLive("ends quietly when nobody reads on, as in `| head`", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      yield* Program.run(home, ["admin", "seed", "--entities", "3000"]);
      const ended = yield* Effect.async<{ readonly code: number | null; readonly stderr: string }>((resume) => {
        const child = spawn(process.execPath, [Program.PATH, "admin", "export"], {
          env: Program.environment(home),
          stdio: ["ignore", "pipe", "pipe"],
        });
        let stderr = "";
        child.stderr.on("data", (chunk) => {
          stderr += chunk;
        });
        child.stdout.once("data", () => child.stdout.destroy());
        child.on("close", (code) => resume(Effect.succeed({ code, stderr })));
      });
      expect(ended).toEqual({ code: 0, stderr: "" });
    }),
  );
});

describe("the configuration", () => {
  it.scopedLive("goes: default, file, environment, flag, and each value tells where it came from", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      const configured = (words: ReadonlyArray<string>, env: Record<string, string> = {}) =>
        Effect.map(Program.run(home, words, { env }), ({ stdout }) => stdout);

      expect(yield* configured(["config"])).toMatch(/^port\s+7717\s+default/m);
      mkdirSync(join(home.config, "cadastre"));
      writeFileSync(join(home.config, "cadastre/config.yaml"), "port: 7001\nlogLevel: debug\n");
      expect(yield* configured(["config"])).toMatch(/^port\s+7001\s+.*config\.yaml/m);
      expect(yield* configured(["config"], { CADASTRE_PORT: "7002" })).toMatch(/^port\s+7002\s+CADASTRE_PORT/m);

      const daemon = yield* Program.daemon(home, ["--port", "0"], { env: { CADASTRE_PORT: "1" } });
      expect(new URL(daemon.url).port).not.toBe("1");
    }),
  );

  it.scopedLive("refuses an unknown key, a bad value and an unknown variable, all at once", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      mkdirSync(join(home.config, "cadastre"));
      writeFileSync(join(home.config, "cadastre/config.yaml"), "prot: 7001\nlogLevel: loud\n");
      const ended = yield* Program.run(home, ["daemon"], { env: { CADASTRE_PROT: "1" } });
      expect(ended.code).toBe(78);
      expect(ended.stderr).toMatch(/config\.yaml:1.*"prot".*did you mean "port"/);
      expect(ended.stderr).toMatch(/config\.yaml:2.*logLevel must be one of/);
      expect(ended.stderr).toMatch(/CADASTRE_PROT/);
    }),
  );

  it.scopedLive("refuses a wrong token and an absent daemon with codes of their own", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      const daemon = yield* Program.daemon(home);
      const wrong = yield* Program.run(home, ["entity", "list"], { env: { CADASTRE_TOKEN: "cad_wrong" } });
      expect(wrong.code).toBe(5);
      yield* Program.stop(daemon);
      // On its port, which was free a moment ago: another daemon of the machine may have the usual one.
      const env = { CADASTRE_PORT: new URL(daemon.url).port };
      const absent = yield* Program.run(home, ["entity", "list"], { env });
      expect(absent.code).toBe(6);
      expect(absent.stderr).toMatch(/daemon/);
    }),
  );
});
