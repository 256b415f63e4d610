import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { parse } from "yaml";
import { program } from "./support.ts";

it.scoped("prints settings that start the bridge, in the form of each client", () =>
  Effect.gen(function* () {
    const { home, run } = yield* program();
    const env = { XDG_CONFIG_HOME: `${home}/config`, XDG_STATE_HOME: `${home}/state` };
    const server = { command: process.execPath, args: [expect.any(String), "mcp-bridge"], env };
    for (const client of ["claude-desktop", "cursor", "gemini", "windsurf", "generic"]) {
      const { exit, out } = yield* run(["mcp-config", client]);
      expect(exit).toBe(0);
      expect(JSON.parse(out)).toEqual({ mcpServers: { cadastre: server } });
    }
    expect(JSON.parse((yield* run(["mcp-config", "vscode"])).out)).toEqual({
      servers: { cadastre: { type: "stdio", ...server } },
    });
    expect(JSON.parse((yield* run(["mcp-config", "zed"])).out)).toEqual({ context_servers: { cadastre: server } });
    const codex = (yield* run(["mcp-config", "codex"])).out;
    expect(codex).toMatch(/^\[mcp_servers\.cadastre\]\ncommand = "/);
    expect(codex).toContain(`\n[mcp_servers.cadastre.env]\nXDG_CONFIG_HOME = "${home}/config"\n`);
    const claude = (yield* run(["mcp-config", "claude-code"])).out;
    const [, json = ""] = /^claude mcp add-json --scope user cadastre '(.*)'\n$/.exec(claude) ?? [];
    // JSON is YAML.
    expect(parse(json)).toEqual({ type: "stdio", ...server });
  }),
);

it.scoped("passes options on, and never a token", () =>
  Effect.gen(function* () {
    const { run } = yield* program({}, { CADASTRE_TOKEN: "cad_secret", CADASTRE_PORT: "8080" });
    const { out, err } = yield* run([
      "mcp-config",
      "generic",
      "--read-only",
      "--deny-tool",
      "whoami",
      "--token-file",
      "t",
    ]);
    const { args, env } = JSON.parse(out).mcpServers.cadastre;
    expect(args.slice(1)).toEqual([
      "mcp-bridge",
      "--token-file",
      `${process.cwd()}/t`,
      "--read-only",
      "--deny-tool",
      "whoami",
    ]);
    expect(env).toMatchObject({ CADASTRE_PORT: "8080" });
    expect(`${out}${err}`).not.toContain("cad_secret");
    expect(err).toContain("CADASTRE_TOKEN is set here, and is not passed on");
  }),
);

it.scoped("says which clients it knows", () =>
  Effect.gen(function* () {
    const { run } = yield* program();
    const { exit, out, err } = yield* run(["mcp-config", "curser"]);
    expect(exit).toBe(2);
    expect(out).toBe("");
    expect(err).toContain('did you mean "cursor"?\nKnown: claude-desktop, ');
    expect((yield* run(["mcp-config"])).out).toContain("# Zed (zed): ");
  }),
);
