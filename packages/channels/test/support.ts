import { createSocket } from "node:dgram";
import { promises as dns } from "node:dns";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import { type Callback, CallbackChannel, contentOf } from "@cadastre/domain/CallbackChannel";
import { type Channel, Secrets } from "@cadastre/domain/Channel";
import type { JsonObject } from "@cadastre/domain/Json";
import * as Fixtures from "@cadastre/testing/Fixtures";
import * as packet from "dns-packet";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { vi } from "vitest";
import { AllowedTarget } from "../src/AllowedTarget.ts";
import * as CallbackChannels from "../src/CallbackChannels.ts";
import { CERTIFICATE, KEY } from "./certificate.ts";

export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Answer = (request: Received, response: ServerResponse, raw: IncomingMessage) => void;

export const ok: Answer = (_, response) => response.end("ok");

/** Answers with JSON. */
export const json = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { "content-type": "application/json;charset=UTF-8" }).end(JSON.stringify(body));
};

/** A server on 127.0.0.1, and what it was sent; on TLS if told, with a certificate for this address and for `localhost`. */
export const receiver = (answer: Answer = ok, secure = false) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const requests: Array<Received> = [];
      const listener: RequestListener = (raw, response) => {
        const chunks: Array<Buffer> = [];
        raw.on("data", (chunk: Buffer) => chunks.push(chunk));
        raw.on("end", () => {
          const request = {
            method: raw.method ?? "",
            url: raw.url ?? "",
            headers: raw.headers as Record<string, string>,
            body: Buffer.concat(chunks).toString("utf8"),
          };
          requests.push(request);
          answer(request, response, raw);
        });
      };
      const server = secure ? createTlsServer({ key: KEY, cert: CERTIFICATE }, listener) : createServer(listener);
      let connections = 0;
      server.on(secure ? "secureConnection" : "connection", () => {
        connections += 1;
      });
      const port = await listen(server);
      return {
        url: `${secure ? "https" : "http"}://127.0.0.1:${port}`,
        port,
        requests,
        connections: () => connections,
        server,
      };
    }),
    ({ server }) =>
      Effect.promise(async () => {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      }),
  );

/** Starts any server on a free port. */
export const listen = (server: {
  listen: (port: number, host: string, done: () => void) => unknown;
  address: () => AddressInfo | string | null;
}): Promise<number> =>
  new Promise((done) => server.listen(0, "127.0.0.1", () => done((server.address() as AddressInfo).port)));

/** Has the certificate of the tests trusted, as `NODE_EXTRA_CA_CERTS` would if the process were started with it. */
export const trusting = Effect.acquireRelease(
  Effect.sync(() => {
    const { createSecureContext } = tls;
    return vi
      .spyOn(tls, "createSecureContext")
      .mockImplementation((options) => createSecureContext({ ...options, ca: CERTIFICATE }));
  }),
  (spy) => Effect.sync(() => spy.mockRestore()),
);

type Zone = (name: string, type: "A" | "AAAA") => ReadonlyArray<string>;

/** A name server on UDP, and a resolver that asks it and nobody else. */
export const nameServer = (zone: Zone) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const questions: Array<string> = [];
      const socket = createSocket("udp4");
      socket.on("message", (message, from) => {
        const query = packet.decode(message);
        const [question] = query.questions ?? [];
        if (question === undefined || (question.type !== "A" && question.type !== "AAAA")) return;
        questions.push(`${question.name} ${question.type}`);
        const { name, type } = question;
        const answers = zone(name.toLowerCase(), type).map((data) => ({ name, type, ttl: 0, data }));
        const flags = packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE | (answers.length === 0 ? 3 : 0);
        socket.send(
          packet.encode({
            type: "response",
            ...(query.id === undefined ? {} : { id: query.id }),
            flags,
            questions: [question],
            answers,
          }),
          from.port,
          from.address,
        );
      });
      await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
      const resolver = new dns.Resolver({ tries: 1, timeout: 2000 });
      resolver.setServers([`127.0.0.1:${socket.address().port}`]);
      const resolve = async (name: string) => {
        const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
        const addresses = found.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
        if (addresses.length === 0 && found[0].status === "rejected") throw found[0].reason;
        return addresses;
      };
      return { resolve, questions, socket };
    }),
    ({ socket }) => Effect.sync(() => socket.close()),
  );

export const allowing = (...entries: ReadonlyArray<string>): ReadonlyArray<AllowedTarget> =>
  Schema.decodeSync(Schema.Array(AllowedTarget))(entries);

/** Every test's own channels: nothing but the receivers of this machine is allowed, unless said otherwise. */
export const channels = (options: Partial<CallbackChannels.Options> = {}) =>
  CallbackChannels.layer({
    allowed: allowing("127.0.0.1:*"),
    source: "https://catalog.example.com",
    userAgent: "Cadastre/0.0.0",
    ...options,
  });

export const deliver = (channel: Channel, secrets: Secrets, callback: Callback = changed()) =>
  Effect.flatMap(CallbackChannel, (port) => port.deliver(channel, secrets, callback));

export const check = (channel: Channel, secrets: Secrets) =>
  Effect.flatMap(CallbackChannel, (port) => port.check(channel, secrets));

/** The faults of a check, as `path message`. */
export const faults = (channel: Channel, secrets: Secrets) =>
  check(channel, secrets).pipe(
    Effect.as([]),
    Effect.catchAll(({ faults }) => Effect.succeed(faults.map(({ path, message }) => `${path} ${message}`))),
  );

export const secrets = (encoded: typeof Secrets.Encoded): Secrets => Schema.decodeSync(Secrets)(encoded);

/** A signing secret whose bytes all have this value. */
export const whsec = (byte: number): string => `whsec_${Buffer.alloc(32, byte).toString("base64")}`;

export const signed = secrets({ signing: { current: whsec(1), previous: [] } });

export const webhook = (url: string): Channel => ({ type: "webhook", url });

const write = Fixtures.entity({ name: "payments" });

/** A change of `component:default/payments`; `at` is the time of the attempt. */
export const changed = (
  options: {
    readonly id?: string;
    readonly at?: number;
    readonly event?: JsonObject;
    readonly entity?: JsonObject;
  } = {},
): Callback => {
  const content = contentOf({
    ...Fixtures.event(write, "entity.updated"),
    patch: [{ op: "replace", path: "/spec/owner", value: "team-b" }],
    sequence: 42,
  });
  return {
    id: options.id ?? "msg_1",
    at: options.at ?? Fixtures.EPOCH,
    event: { ...content.event, ...options.event },
    entity: options.entity ?? content.entity,
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  };
};

export const ping: Callback = {
  id: "msg_ping",
  at: Fixtures.EPOCH,
  event: { id: "evt_ping", type: "ping", at: new Date(Fixtures.EPOCH).toISOString() },
};
