/**
 * Values for tests: valid, and as plain as the test leaves them.
 */
import { type Delivery, type LoggedAttempt, MessageId } from "@cadastre/domain/Delivery";
import { type EntityRecord, EntityUid, toEnvelope } from "@cadastre/domain/Entity";
import { type EntityQuery, SortField, type SortOrder } from "@cadastre/domain/EntityQuery";
import { EntityStore, type EntityWrite } from "@cadastre/domain/EntityStore";
import type { ChangeEvent, EventType } from "@cadastre/domain/Event";
import type { NewJob } from "@cadastre/domain/Job";
import type { Claim } from "@cadastre/domain/JobQueue";
import type { JsonObject } from "@cadastre/domain/Json";
import * as Reference from "@cadastre/domain/Reference";
import * as Relation from "@cadastre/domain/Relation";
import { DEFAULT_RATE, DEFAULT_RETRY, DEFAULT_TYPES, type Subscription } from "@cadastre/domain/Subscription";
import { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import { type Token, TokenId } from "@cadastre/domain/Token";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import * as Effect from "effect/Effect";
import * as fc from "effect/FastCheck";

/** 2024-01-01T00:00:00.000Z */
export const EPOCH = 1_704_067_200_000;

const uuid = (n: number): string => `00000000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;

/** The nth uid, in the order of uids. */
export const uid = (n: number): EntityUid => EntityUid.make(`ent_${uuid(n)}`);

let issued = 0;

interface EntityOptions {
  readonly uid?: EntityUid;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly title?: string;
  readonly description?: string;
  readonly tags?: ReadonlyArray<string>;
  readonly labels?: { readonly [key: string]: string };
  readonly spec?: JsonObject;
  readonly state?: "active" | "inactive";
  readonly createdAt?: number;
  readonly updatedAt?: number;
}

/** A new entity at revision 1, a Component unless told. Without a uid it gets one that no other has. */
export const entity = (options: EntityOptions = {}): EntityWrite => {
  issued += 1;
  const {
    title,
    description,
    tags,
    labels,
    kind = "Component",
    namespace = "default",
    name = `entity-${issued}`,
  } = options;
  const createdAt = options.createdAt ?? EPOCH;
  return write({
    uid: options.uid ?? uid(0x1000_0000 + issued),
    document: {
      apiVersion: "backstage.io/v1alpha1",
      kind,
      metadata: {
        name,
        namespace,
        ...(title === undefined ? {} : { title }),
        ...(description === undefined ? {} : { description }),
        ...(tags === undefined ? {} : { tags }),
        ...(labels === undefined ? {} : { labels }),
      },
      spec: options.spec ?? { type: "service" },
    },
    state: options.state ?? "active",
    since: createdAt,
    revision: 1,
    createdAt,
    updatedAt: options.updatedAt ?? createdAt,
    source: { type: "api" },
  });
};

export const write = (record: EntityRecord): EntityWrite => ({
  record,
  envelope: JSON.stringify(toEnvelope(record)),
  edges: Relation.edgesOf(record.document),
});

/** The next revision, with other spec, state or time as told. */
export const revised = (
  { record }: EntityWrite,
  changes: Partial<Pick<EntityRecord, "state" | "updatedAt">> & { readonly spec?: JsonObject } = {},
): EntityWrite => {
  const { spec, ...rest } = changes;
  const document = spec === undefined ? record.document : { ...record.document, spec };
  return write({ ...record, ...rest, document, revision: record.revision + 1 });
};

export const keyOf = ({ record }: EntityWrite): Reference.ReferenceKey => {
  const { kind, metadata } = record.document;
  return Reference.key({ kind, namespace: metadata.namespace, name: metadata.name });
};

/** Stores entities in a transaction of their own. */
export const save = (...writes: ReadonlyArray<EntityWrite>) =>
  Effect.flatMap(Effect.all([UnitOfWork, EntityStore]), ([{ transact }, store]) => transact(store.save(writes)));

/** Everything, by name, a page of a thousand. */
export const everything: EntityQuery = {
  kinds: [],
  namespaces: [],
  owners: [],
  tags: [],
  labels: [],
  states: [],
  order: { field: "name", descending: false },
  limit: 1000,
  after: undefined,
};

/** The event that goes with a write. */
export const event = (of: EntityWrite, type: EventType = "entity.created"): ChangeEvent => {
  issued += 1;
  return {
    id: `evt_${uuid(issued)}`,
    type,
    uid: of.record.uid,
    reference: keyOf(of),
    revision: of.record.revision,
    at: of.record.updatedAt,
    actor: "token:tests",
    via: "rest",
    requestId: `request-${issued}`,
    patch: [],
    envelope: of.envelope,
  };
};

export const subscription = (options: Partial<Subscription> = {}): Subscription => {
  issued += 1;
  return {
    id: SubscriptionId.make(`sub_${uuid(issued)}`),
    name: `subscription-${issued}`,
    channel: { type: "webhook", url: "http://receiver.example/hook" },
    sealed: "sealed",
    types: DEFAULT_TYPES,
    filter: undefined,
    retry: DEFAULT_RETRY,
    rateLimit: DEFAULT_RATE,
    ordered: false,
    disabled: undefined,
    revision: 1,
    createdAt: EPOCH,
    updatedAt: EPOCH,
    since: 0,
    until: undefined,
    ...options,
  };
};

/** A delivery of an event that need not be in any log. */
export const delivery = (
  { id }: Pick<Subscription, "id">,
  options: Partial<Delivery> & { readonly sequence?: number } = {},
): Delivery => {
  issued += 1;
  const { sequence = issued, ...rest } = options;
  return {
    id: MessageId.make(`msg_${uuid(issued)}`),
    subscription: id,
    type: "entity.updated",
    subject: { sequence, uid: uid(1), reference: "component:default/payments" },
    state: "pending",
    attempts: 0,
    tries: 0,
    job: undefined,
    createdAt: EPOCH,
    nextAt: undefined,
    finishedAt: undefined,
    reason: undefined,
    ...rest,
  };
};

export const attempt = ({ id }: Pick<Delivery, "id">, number: number): LoggedAttempt => ({
  delivery: id,
  number,
  at: EPOCH + number,
  outcome: "failed",
  failure: "status",
  message: 'answered 500 "Größe"',
  status: 500,
  timings: { connect: 1.5, total: 12 },
  answer: "no\n",
});

export const token = (options: Partial<Token> = {}): Token => {
  issued += 1;
  return {
    id: TokenId.make(`tok_${uuid(issued)}`),
    name: `token ${issued}`,
    scopes: ["catalog:read"],
    hash: issued.toString(16).padStart(64, "0"),
    createdAt: EPOCH,
    expiresAt: undefined,
    lastUsedAt: undefined,
    revokedAt: undefined,
    ...options,
  };
};

export const job = (options: Partial<NewJob> = {}): NewJob => ({ queue: "q", kind: "k", payload: {}, ...options });

/** A claim of one worker that runs nothing yet; its leases last a minute. */
export const claim = (options: Partial<Claim> = {}): Claim => ({
  queue: "q",
  kinds: ["k"],
  limit: 100,
  worker: "w",
  lease: 60_000,
  perGroup: 100,
  running: new Map(),
  ...options,
});

/** Few values, so that they are often equal; beyond ASCII and beyond U+FFFF, where ways of comparing text differ. */
const text = fc.constantFrom(
  "a",
  "B",
  "b",
  "Zürich",
  "ÅNGSTRÖM",
  "éclair",
  "日本",
  "｡",
  "😀",
  "ß",
  "İ",
  "10",
  "9",
  "a b",
);

const optional = <A>(arbitrary: fc.Arbitrary<A>) => fc.option(arbitrary, { nil: undefined });

const drawn = fc.record({
  kind: fc.constantFrom("Component", "API", "resource"),
  namespace: fc.constantFrom("default", "Other"),
  name: text,
  title: optional(text),
  owner: optional(fc.constantFrom("team-a", "Team-B", "user:x/y")),
  tags: fc.uniqueArray(fc.constantFrom("java", "go", "größe")),
  labels: fc.dictionary(fc.constantFrom("tier", "zone"), fc.constantFrom("1", "2", "")),
  state: fc.constantFrom("active" as const, "inactive" as const),
  createdAt: fc.integer({ min: 0, max: 3 }),
  updatedAt: fc.integer({ min: 0, max: 3 }),
  uid: fc.nat(0xffff_ffff),
});

/** Entities that share names, kinds, titles, owners, tags and times; no two have one reference or one uid. */
export const entities: fc.Arbitrary<ReadonlyArray<EntityWrite>> = fc
  .uniqueArray(drawn, {
    maxLength: 40,
    selector: ({ kind, namespace, name }) => `${kind}${namespace}${name}`.toLowerCase(),
  })
  .map((all) => all.filter((one, i) => all.findIndex((other) => other.uid === one.uid) === i))
  .map((all) =>
    all.map(({ title, owner, createdAt, updatedAt, ...rest }) =>
      entity({
        ...rest,
        uid: uid(rest.uid),
        ...(title === undefined ? {} : { title }),
        spec: owner === undefined ? {} : { owner },
        createdAt: EPOCH + createdAt,
        updatedAt: EPOCH + updatedAt,
      }),
    ),
  );

/** Conditions of a query that some of {@link entities} meet. */
export const conditions = fc.record({
  kinds: fc.uniqueArray(fc.constantFrom("component", "API", "Resource"), { maxLength: 2 }),
  namespaces: fc.uniqueArray(fc.constantFrom("DEFAULT", "other"), { maxLength: 2 }),
  owners: fc.uniqueArray(fc.constantFrom("group:default/team-a", "group:default/team-b"), { maxLength: 2 }),
  tags: fc.uniqueArray(fc.constantFrom("java", "go", "größe", "GO"), { maxLength: 2 }),
  labels: fc.array(
    fc.record({ key: fc.constantFrom("tier", "zone", "Zone"), value: optional(fc.constantFrom("1", "")) }),
    { maxLength: 2 },
  ),
  states: fc.uniqueArray(fc.constantFrom("active" as const, "inactive" as const)),
});

/** Any but by relevance, which is for queries with a text. */
export const orders: fc.Arbitrary<SortOrder> = fc.record({
  field: fc.constantFrom(...SortField.literals.filter((field) => field !== "relevance")),
  descending: fc.boolean(),
});
