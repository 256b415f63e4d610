/**
 * Records of a ServiceNow instance, by three of its interfaces. Each finds the record again by its correlation id, so that a
 * callback that is sent twice makes one record.
 */
import type { Callback } from "@cadastre/domain/CallbackChannel";
import type { ServiceNowChannel } from "@cadastre/domain/Channel";
import type { Fault } from "@cadastre/domain/Fault";
import { pointer } from "@cadastre/domain/Json";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as RcMap from "effect/RcMap";
import type * as Scope from "effect/Scope";
import { type Adapter, dataOf, isPing, type Tools, targetFaults, targetOf, wrong } from "./adapter.ts";
import { type Answer, type Delivered, Failed, succeeded } from "./attempts.ts";
import { ImportResult, jsonOf, OneRecord, Reconciliation, Records } from "./serviceNowAnswers.ts";
import * as Auth from "./serviceNowAuth.ts";
import * as Template from "./template.ts";

/** One call of the instance's REST API. */
type Call = (method: "GET" | "POST" | "PATCH", path: string, body?: object) => Effect.Effect<Answer, Failed>;

/** What is written: the fields with their texts, and the id by which they are found again. */
interface Row {
  readonly fields: Readonly<Record<string, string>>;
  readonly correlation: string;
}

type Target<I> = Extract<ServiceNowChannel["target"], { readonly interface: I }>;

export const make = (tools: Tools): Effect.Effect<Adapter<ServiceNowChannel>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const authorizer = Auth.make(tools);
    // Between looking up and creating, nobody else of this process may create the same record.
    const locks = yield* RcMap.make({ lookup: (_: string) => Effect.makeSemaphore(1) });

    return {
      check: (channel, secrets) =>
        Effect.map(
          Effect.all([
            targetFaults(tools, "/channel/instance", channel.instance, true),
            channel.auth.type === "oauth2" && channel.auth.tokenUrl !== undefined
              ? targetFaults(tools, "/channel/auth/tokenUrl", channel.auth.tokenUrl, true)
              : Effect.succeed([]),
          ]),
          (faults) => [
            ...faults.flat(),
            ...instanceFaults(channel),
            ...mappingFaults(channel),
            ...(channel.auth.type === "basic" && secrets.password === undefined
              ? [{ path: "/secrets/password", message: "is missing: the password of the user" }]
              : []),
            ...(channel.auth.type === "oauth2" && secrets.clientSecret === undefined
              ? [{ path: "/secrets/clientSecret", message: "is missing: the secret of the client" }]
              : []),
          ],
        ),

      deliver: (channel, secrets, callback, trace) =>
        Effect.gen(function* () {
          const instance = yield* targetOf(tools.guard, channel.instance, true);
          const call: Call = (method, path, body) =>
            authorizer
              .authorized(channel, secrets, trace, (authorization) =>
                tools.client.send(
                  {
                    target: instance,
                    method,
                    path: `/api/now/${path}`,
                    headers: {
                      accept: "application/json",
                      authorization,
                      ...(body === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
                    },
                    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
                    // A record that was made without our knowing is found by the next attempt, not by this one.
                    repeatable: method !== "POST",
                  },
                  trace,
                ),
              )
              .pipe(Effect.flatMap(succeeded));

          if (isPing(callback)) return yield* ping(call, channel);
          const row = yield* rowOf(channel, callback);
          switch (channel.target.interface) {
            case "table": {
              const lock = yield* RcMap.get(locks, JSON.stringify([channel.instance, channel.target, row.correlation]));
              return yield* lock.withPermits(1)(upsert(call, channel.target, row));
            }
            case "import":
              return yield* importRow(call, channel.target, row);
            case "ire":
              return yield* reconcile(call, channel.target, row);
          }
        }).pipe(Effect.scoped),
    };
  });

/** What people copy from their browser's address bar. */
const instanceFaults = ({ instance }: ServiceNowChannel): ReadonlyArray<Fault> =>
  URL.canParse(instance) && !/^\/?$/.test(new URL(instance).pathname + new URL(instance).search)
    ? [{ path: "/channel/instance", message: `must be the instance alone: ${new URL(instance).origin}` }]
    : [];

const mappingFaults = ({ fields, correlationId }: ServiceNowChannel): ReadonlyArray<Fault> => {
  const faults = (path: string, text: string) =>
    Either.match(Template.parse(text), { onLeft: (message) => [{ path, message }], onRight: () => [] });
  return [
    ...faults("/channel/correlationId", correlationId),
    ...(Object.keys(fields).length === 0
      ? [
          {
            path: "/channel/fields",
            message: 'is empty: say what to write, such as {"name": "{/entity/metadata/name}"}',
          },
        ]
      : Object.entries(fields).flatMap(([name, text]) => faults(pointer(["channel", "fields", name]), text))),
  ];
};

const rowOf = (channel: ServiceNowChannel, callback: Callback): Effect.Effect<Row, Failed> => {
  const data = dataOf(callback);
  const filled = (text: string) =>
    Either.match(Template.parse(text), {
      onLeft: (message) => Effect.fail(wrong(`The mapping cannot be read: ${message}.`)),
      onRight: (template) => Effect.succeed(Template.render(template, data)),
    });
  return Effect.all({
    fields: Effect.all(Object.fromEntries(Object.entries(channel.fields).map(([name, text]) => [name, filled(text)]))),
    correlation: Effect.flatMap(filled(channel.correlationId), checkedCorrelation),
  });
};

/**
 * In a query `^` begins another condition, and `javascript:` is run by the instance: neither may come from an entity. Longer
 * ones would be cut off by the field and never be found again.
 */
const checkedCorrelation = (id: string): Effect.Effect<string, Failed> =>
  /^(?!javascript:)[^^\p{C}]{1,100}$/iu.test(id) && id.trim() === id
    ? Effect.succeed(id)
    : wrong(
        `The correlation id "${id}" must have 1 to 100 characters, none of them ^ or a control character, and no spaces around it.`,
      );

const query = (parameters: Record<string, string>): string => new URLSearchParams(parameters).toString();

/** Reads one record: the address, the credentials and the table are right, and nothing is changed. */
const ping = (call: Call, { target }: ServiceNowChannel): Effect.Effect<Delivered, Failed> =>
  Effect.gen(function* () {
    const answer = yield* call(
      "GET",
      `table/${target.table}?${query({ sysparm_fields: "sys_id", sysparm_limit: "1" })}`,
    );
    yield* jsonOf(answer, Records, "records of a table");
    return { message: `The instance let us read ${target.table}; nothing was written.`, answer };
  });

/**
 * The Table API creates whatever it is told to, as often as it is told: the record is looked up first. What is found is always
 * the oldest, so that a record that exists twice after all does not get its changes by turns.
 */
const upsert = (call: Call, { table, correlationField }: Target<"table">, { fields, correlation }: Row) =>
  Effect.gen(function* () {
    const looked = yield* call(
      "GET",
      `table/${table}?${query({
        sysparm_query: `${correlationField}=${correlation}^ORDERBYsys_created_on`,
        sysparm_fields: `sys_id,${correlationField}`,
        sysparm_limit: "1",
      })}`,
    );
    const [found] = (yield* jsonOf(looked, Records, "records of a table")).result;
    const record = { ...fields, [correlationField]: correlation };
    const shown = query({ sysparm_fields: `sys_id,${correlationField}` });
    const unkept = (answer: Answer, what: string) =>
      new Failed({
        failure: "answer",
        message: `${what}: ${table} has no field ${correlationField}, or this user may not read it. Set correlationField to a text field of the table.`,
        answer,
      });
    if (found === undefined) {
      const answer = yield* call("POST", `table/${table}?${shown}`, record);
      const { result } = yield* jsonOf(answer, OneRecord, "a record");
      if (result[correlationField] !== correlation) {
        return yield* unkept(answer, "A record was created but cannot be found again");
      }
      return { message: `Created ${table} ${result["sys_id"]}.`, answer };
    }
    // A condition on a field that is not there is left out, and every record of the table fulfils the rest.
    const id = found["sys_id"];
    if (found[correlationField] !== correlation || typeof id !== "string" || !/^[0-9a-f]{32}$/i.test(id)) {
      return yield* unkept(looked, "Nothing was written, for another record was found than looked for");
    }
    const answer = yield* call("PATCH", `table/${table}/${id}?${shown}`, record);
    yield* jsonOf(answer, OneRecord, "a record");
    return { message: `Updated ${table} ${id}.`, answer };
  });

/** The row is transformed before the answer; whether that went well is said in the body alone. */
const importRow = (call: Call, { table, correlationField }: Target<"import">, { fields, correlation }: Row) =>
  Effect.gen(function* () {
    const answer = yield* call("POST", `import/${table}`, { ...fields, [correlationField]: correlation });
    const { result } = yield* jsonOf(answer, ImportResult, "the result of an import");
    const bad = result.find(({ status }) => status === "error");
    if (bad !== undefined || result.length === 0) {
      const why = bad?.error_message ?? bad?.status_message ?? "no transform map took it";
      return yield* new Failed({ failure: "answer", message: `The row was not transformed: ${why}.`, answer });
    }
    return { message: `Imported: ${result.map(({ status }) => status).join(", ")}.`, answer };
  });

/** The source and its key for the item come first in identification, before any rule of the class. */
const reconcile = (call: Call, { table, dataSource }: Target<"ire">, { fields, correlation }: Row) =>
  Effect.gen(function* () {
    const answer = yield* call("POST", `identifyreconcile?${query({ sysparm_data_source: dataSource })}`, {
      items: [
        {
          className: table,
          values: fields,
          sys_object_source_info: { source_name: dataSource, source_native_key: correlation },
        },
      ],
    });
    const { result } = yield* jsonOf(answer, Reconciliation, "the result of a reconciliation");
    const [item] = result.items;
    const operation = item?.operation ?? "";
    if (item === undefined || result.hasError || item.errors.length > 0 || !KEPT.has(operation)) {
      const said = item?.errors.map(({ error, message }) => [error, message].filter(Boolean).join(": ")).join("; ");
      const why = said || operation || "no item came back";
      return yield* new Failed({ failure: "answer", message: `The item was not reconciled: ${why}.`, answer });
    }
    return { message: `Reconciled: ${operation}.`, answer };
  });

/** Operations after which the item is in the CMDB; others put it aside, as incomplete or for review. */
const KEPT: ReadonlySet<string> = new Set([
  "INSERT",
  "UPDATE",
  "NO_CHANGE",
  "UPDATE_WITH_UPGRADE",
  "UPDATE_WITH_DOWNGRADE",
  "UPDATE_WITH_SWITCH",
]);
