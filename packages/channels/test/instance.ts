/**
 * A ServiceNow instance as far as callbacks see one, with its habits: conditions on unknown fields are left out of a query,
 * a failed transformation comes with 201, a page of HTML with 200.
 */
import type { ServerResponse } from "node:http";
import * as Effect from "effect/Effect";
import { json, type Received, receiver } from "./support.ts";

type Row = Record<string, string>;

export const USER = "cadastre";
export const PASSWORD = 'p:ä"ss &word';
export const CLIENT = "a1b2c3";
export const CLIENT_SECRET = "client secret+/&=";

export const instanceOn = (secure: boolean) =>
  Effect.gen(function* () {
    const state = {
      tables: new Map<string, { readonly fields: ReadonlyArray<string>; readonly rows: Array<Row> }>([
        ["cmdb_ci_service", { fields: ["name", "short_description", "owned_by", "correlation_id"], rows: [] }],
        ["u_short", { fields: ["name"], rows: [] }],
      ]),
      tokens: new Set<string>(),
      /** Times a token was asked for. */
      granted: 0,
      expiresIn: 1800 as unknown,
      /** Answers instead, once. */
      next: undefined as ((request: Received, response: ServerResponse) => void) | undefined,
      /** Called when a row was written, before it is answered. */
      written: (_: ServerResponse): boolean => false,
      /** `status` of the next import. */
      imported: { status: "inserted" } as Row,
      /** What the next reconciliation says. */
      reconciled: undefined as unknown,
      /** Waits before looking anything up. */
      delay: () => Promise.resolve(),
    };
    let made = 0;
    const sysId = () => (++made).toString(16).padStart(32, "0");
    const error = (response: ServerResponse, status: number, message: string) =>
      json(response, { error: { message, detail: null }, status: "failure" }, status);

    const shown = (row: Row, url: URL) =>
      Object.fromEntries(
        (url.searchParams.get("sysparm_fields") ?? "")
          .split(",")
          .flatMap((field) => (field in row ? [[field, row[field]]] : [])),
      );

    const table = async (
      request: Received,
      response: ServerResponse,
      url: URL,
      name: string,
      id: string | undefined,
    ) => {
      const found = state.tables.get(name);
      if (found === undefined) return error(response, 400, `Invalid table ${name}`);
      const { fields, rows } = found;
      const kept = () =>
        Object.fromEntries(Object.entries(JSON.parse(request.body) as Row).filter(([field]) => fields.includes(field)));
      if (request.method === "GET") {
        await state.delay();
        const conditions = (url.searchParams.get("sysparm_query") ?? "")
          .split("^")
          .filter((part) => part !== "" && !part.startsWith("ORDERBY"))
          .map((part) => part.split("="))
          .filter(([field = ""]) => fields.includes(field) || field === "sys_id");
        const matching = rows.filter((row) => conditions.every(([field = "", value]) => row[field] === value));
        return json(response, {
          result: matching.slice(0, Number(url.searchParams.get("sysparm_limit"))).map((row) => shown(row, url)),
        });
      }
      if (request.method === "POST") {
        const row: Row = { sys_id: sysId(), ...kept() };
        rows.push(row);
        if (state.written(response)) return;
        return json(response, { result: shown(row, url) }, 201);
      }
      const row = rows.find((row) => row["sys_id"] === id);
      if (row === undefined) return error(response, 404, "No Record found");
      Object.assign(row, kept());
      return json(response, { result: shown(row, url) });
    };

    const server = yield* receiver((request, response) => {
      const { next } = state;
      state.next = undefined;
      if (next !== undefined) return next(request, response);
      const url = new URL(request.url, "http://instance");
      if (url.pathname === "/oauth_token.do") {
        const form = new URLSearchParams(request.body);
        if (form.get("client_id") !== CLIENT || form.get("client_secret") !== CLIENT_SECRET) {
          return json(response, { error: "access_denied", error_description: form.get("client_secret") }, 401);
        }
        state.granted += 1;
        const token = `token-${state.granted}`;
        state.tokens.add(token);
        return json(response, {
          access_token: token,
          token_type: "Bearer",
          expires_in: state.expiresIn,
          scope: "useraccount",
        });
      }
      const [scheme = "", credentials = ""] = (request.headers["authorization"] ?? "").split(" ");
      const known =
        scheme === "Bearer"
          ? state.tokens.has(credentials)
          : Buffer.from(credentials, "base64").toString("utf8") === `${USER}:${PASSWORD}`;
      if (!known) return error(response, 401, `User Not Authenticated: ${credentials}`);
      if (request.headers["accept"] !== "application/json") return error(response, 406, "Not acceptable");
      const [, api, name = "", id] = /^\/api\/now\/(\w+)\/?(\w*)\/?(\w*)$/.exec(url.pathname) ?? [];
      if (api === "table") return void table(request, response, url, name, id);
      if (api === "import") {
        return json(
          response,
          { import_set: "ISET001", staging_table: name, result: [{ transform_map: "m", ...state.imported }] },
          201,
        );
      }
      if (api === "identifyreconcile") {
        return json(response, {
          result: state.reconciled ?? { items: [{ sysId: sysId(), operation: "INSERT" }], relations: [] },
        });
      }
      return error(response, 400, "Requested URI does not represent any resource");
    }, secure);

    const rowsOf = (name: string): ReadonlyArray<Row> => state.tables.get(name)?.rows ?? [];
    const sent = (): ReadonlyArray<string> =>
      server.requests.map(({ method, url }) => `${method} ${url.replace(/\?.*/, "").replace(/[0-9a-f]{32}/, "ID")}`);
    return Object.assign(state, { url: server.url, requests: server.requests, rowsOf, sent });
  });

export const instance = instanceOn(false);
