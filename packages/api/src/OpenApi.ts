/**
 * The OpenAPI 3.1 document of the interface.
 */
import * as HttpApi from "@effect/platform/HttpApi";
import * as PlatformOpenApi from "@effect/platform/OpenApi";
import { Api } from "./Api.ts";
import { accessOf } from "./Authorization.ts";
import { DOMAIN, PROBLEM_TYPE } from "./Problem.ts";

export type OpenApiDocument = PlatformOpenApi.OpenAPISpec;

/** Made from the declaration; the committed `openapi.json` is this. Throws if an endpoint does not declare who may call it. */
export const document = (): OpenApiDocument => {
  HttpApi.reflect(Api, { onGroup: () => {}, onEndpoint: accessOf });
  const generated = PlatformOpenApi.fromApi(Api);
  const paths = Object.fromEntries(
    Object.entries(generated.paths).map(([path, item]) => [
      path,
      Object.fromEntries(Object.entries(item).map(([method, operation]) => [method, complete(operation)])),
    ]),
  );
  const schemas = reachable(generated.components.schemas, paths);
  const document = { ...generated, paths, components: { ...generated.components, schemas, headers: HEADERS } };
  return JSON.parse(JSON.stringify(document), tidy);
};

type Operation = PlatformOpenApi.OpenAPISpecOperation;
interface Response {
  readonly description: string;
  readonly content?: object;
}

const header = (description: string, example: string) => ({ description, schema: { type: "string" }, example });

const HEADERS = {
  ETag: header("The revision, for `If-Match`.", '"7"'),
  Location: header("The path of what was created.", "/v1/entities/ent_01936b2e-7c1a-7cc0-9d5e-3f1f6a0c1b2d"),
  RequestId: header("Given back as sent, or made here.", "0b0e7f0c-6a52-4a39-8f0f-6b2f5f0a5c11"),
  RetryAfter: header("Seconds after which the same call may succeed.", "1"),
  Warning: header("One for each doubt about the document: legal and yet probably not meant.", '299 - "/spec/owner: …"'),
  WwwAuthenticate: header("How to authenticate.", 'Bearer realm="cadastre"'),
};

const problem = { [PROBLEM_TYPE]: { schema: { $ref: "#/components/schemas/Problem" } } };

/** What the declaration cannot say: examples of parameters, headers of answers, one shape for every failure. */
const complete = (operation: Operation): Operation => {
  const responses = Object.entries(operation.responses).map(([status, response]) => [
    status,
    headed(Number(status), operation, failure(response)),
  ]);
  return {
    ...operation,
    parameters: operation.parameters.map(({ schema, ...parameter }) => {
      const { description, examples, ...rest } = schema as PlatformOpenApi.OpenAPISpecParameter["schema"] & {
        examples?: ReadonlyArray<unknown>;
      };
      return {
        ...parameter,
        ...(description === undefined ? {} : { description }),
        schema: rest as PlatformOpenApi.OpenAPISpecParameter["schema"],
        ...(examples === undefined ? {} : { example: examples[0] }),
      };
    }),
    responses: {
      ...Object.fromEntries(responses),
      default: { description: "Any other failure.", content: problem, headers: { "X-Request-Id": ref("RequestId") } },
    },
  };
};

/** The codes of the domain errors that a declared response stands for; the platform's own 400 means bad parameters. */
const codesOf = ({ content }: Response): ReadonlyArray<string> => {
  const text = JSON.stringify(content ?? {});
  return Object.entries(DOMAIN).flatMap(([tag, { code, title }]) =>
    text.includes(`/${tag}"`) || (tag === "InvalidInput" && text.includes('/HttpApiDecodeError"'))
      ? [`\`${code}\`: ${title}.`]
      : [],
  );
};

/** Without what the platform says of any value at all and of any integer: it tells nothing, and its `$id` is not unique. */
const tidy = (_: string, value: unknown): unknown => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { $id, title, description, ...rest } = value as { readonly [key: string]: unknown };
  if ($id === "/schemas/unknown") return {};
  return title === "int" ? { ...rest, ...(description === "an integer" ? {} : { description }) } : value;
};

const failure = (response: Response): Response => {
  const codes = codesOf(response);
  return codes.length === 0 ? response : { description: codes.join(" "), content: problem };
};

const ref = (name: keyof typeof HEADERS) => ({ $ref: `#/components/headers/${name}` });

const headed = (status: number, operation: Operation, response: Response) => ({
  ...response,
  headers: {
    "X-Request-Id": ref("RequestId"),
    ...(/schemas\/(?:Entity|Subscription|SubscriptionWithSecret)"/.test(JSON.stringify(response))
      ? { ETag: ref("ETag") }
      : {}),
    ...(status < 300 && operation.requestBody !== undefined && operation.operationId.startsWith("entities.")
      ? { Warning: ref("Warning") }
      : {}),
    ...(status === 201 ? { Location: ref("Location") } : {}),
    ...(status === 401 ? { "WWW-Authenticate": ref("WwwAuthenticate") } : {}),
    ...(status === 503 ? { "Retry-After": ref("RetryAfter") } : {}),
  },
});

/** The schemas that the paths use, directly or through others. */
const reachable = <S>(schemas: { readonly [name: string]: S }, paths: object): { readonly [name: string]: S } => {
  const names = new Set<string>(["BatchLine"]);
  const collect = (value: unknown) => {
    for (const [, name = ""] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (names.has(name)) continue;
      names.add(name);
      collect(schemas[name]);
    }
  };
  collect(paths);
  collect(schemas["BatchLine"]);
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => names.has(name)));
};
