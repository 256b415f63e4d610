/**
 * The endpoints of subscriptions: who is told of which changes.
 */
import { Channel } from "@cadastre/domain/Channel";
import {
  AlreadyExists,
  InvalidInput,
  NotFound,
  PayloadTooLarge,
  PermissionDenied,
  RevisionConflict,
  SecretsUnavailable,
  StoreUnavailable,
} from "@cadastre/domain/Errors";
import { EventType } from "@cadastre/domain/Event";
import {
  DEFAULT_OVERLAP,
  DEFAULT_RATE,
  DEFAULT_RETRY,
  DisabledReason,
  MAX_OVERLAP,
} from "@cadastre/domain/Subscription";
import { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint";
import * as HttpApiGroup from "@effect/platform/HttpApiGroup";
import * as HttpApiSchema from "@effect/platform/HttpApiSchema";
import * as OpenApi from "@effect/platform/OpenApi";
import * as Schema from "effect/Schema";
import { Bearer, operation } from "./Authorization.ts";
import { Instant, Integer, integer, one, optional, Preconditions } from "./Parameters.ts";
import { wire } from "./Problem.ts";

const id = SubscriptionId.annotations({
  description: "`id` of the subscription in the list.",
  examples: [SubscriptionId.make("sub_01936b2e-7c1a-7cc0-9d5e-3f1f6a0c1b2d")],
  message: () => ({ message: 'is not a subscription id: one looks like "sub_…" in the list', override: true }),
});

export const bySubscription = Schema.Struct({ id });

const channel = Channel.annotations({
  identifier: "Channel",
  examples: [{ type: "webhook", url: "https://deploys.example.com/hooks/cadastre" }],
});

/** What is shown and what may be set. */
const settings = {
  types: Schema.Array(EventType).annotations({ description: "Events of any of these types." }),
  filter: Schema.String.annotations({
    description:
      "An expression (CEL) that has to be true of the change: it knows `event` and `entity`, the envelope after the change.",
    examples: ['kind == "Component" && "java" in tags'],
  }),
  retry: Schema.Array(Integer).annotations({
    description: `Seconds before each attempt, ±20 %: as many attempts as there are delays, 1 to 20. ${DEFAULT_RETRY.map((millis) => millis / 1000).join(", ")} where absent.`,
  }),
  rateLimit: Integer.annotations({
    description: `Attempts a second at the most, 1 to 1000; ${DEFAULT_RATE} where absent.`,
  }),
  ordered: Schema.Boolean.annotations({
    description:
      "Whether the changes of one entity are told strictly one after the other: one that fails holds up the next.",
  }),
};

const name = Schema.String.annotations({
  description: "1 to 63 letters and digits, with -, _ and . between them; unique without regard to case.",
  examples: ["deploys"],
});

export const Subscription = Schema.Struct({
  id: SubscriptionId,
  name,
  channel,
  types: settings.types,
  filter: optional(settings.filter),
  enabled: Schema.Boolean,
  disabled: optional(
    Schema.Struct({ reason: DisabledReason, at: Instant }).annotations({ description: "Why, and since when." }),
  ),
  retry: settings.retry,
  rateLimit: settings.rateLimit,
  ordered: settings.ordered,
  revision: Integer,
  createdAt: Instant,
  updatedAt: Instant,
  backlog: Schema.Struct({ pending: Integer, held: Integer, dead: Integer }).annotations({
    description: "Deliveries that are not delivered.",
  }),
  failingSince: optional(
    Instant.annotations({ description: "Every attempt since then failed; after five days it is disabled." }),
  ),
  unevaluated: optional(
    Schema.Struct({
      count: Integer,
      sample: Schema.Struct({ reference: Schema.String, message: Schema.String }),
    }).annotations({
      description: "Events on which the filter ended in an error, a missing field most often; they are not told.",
    }),
  ),
}).annotations({ identifier: "Subscription" });

const secrets = Schema.Struct({
  password: optional(Schema.Redacted(Schema.String)),
  clientSecret: optional(Schema.Redacted(Schema.String)),
  url: optional(Schema.Redacted(Schema.String)),
}).annotations({
  identifier: "SubscriptionSecrets",
  description:
    "What the channel needs and is never shown again: `password` or `clientSecret` for servicenow, `url` of the incoming webhook for chat. The secret that a webhook is signed with is made here.",
  parseOptions: { onExcessProperty: "error" },
});

export const SubscriptionInput = Schema.Struct({
  name,
  channel,
  secrets: optional(secrets),
  types: optional(
    settings.types.annotations({
      description: "Events of any of these types; every change of an entity where absent.",
    }),
  ),
  filter: optional(settings.filter),
  enabled: optional(Schema.Boolean.annotations({ description: "`true` where absent." })),
  retry: optional(settings.retry),
  rateLimit: optional(settings.rateLimit),
  ordered: optional(settings.ordered),
}).annotations({
  identifier: "SubscriptionInput",
  examples: [
    {
      name: "deploys",
      channel: { type: "webhook", url: "https://deploys.example.com/hooks/cadastre" },
      filter: 'kind == "Component"',
    },
  ],
  parseOptions: { onExcessProperty: "error" },
});

export const SubscriptionPatch = Schema.Struct({
  name: optional(name),
  channel: optional(channel),
  secrets: optional(secrets),
  types: optional(settings.types),
  filter: optional(Schema.NullOr(settings.filter)),
  enabled: optional(Schema.Boolean),
  retry: optional(settings.retry),
  rateLimit: optional(settings.rateLimit),
  ordered: optional(settings.ordered),
}).annotations({
  identifier: "SubscriptionPatch",
  description: "The members to be changed, each whole; `null` takes the filter away.",
  examples: [{ rateLimit: 5 }],
  parseOptions: { onExcessProperty: "error" },
});

export const SubscriptionWithSecret = Schema.Struct({
  subscription: Subscription,
  secret: optional(
    Schema.String.annotations({
      description:
        "`whsec_…`, of a webhook: what its receiver verifies signatures with. Shown this once and never again.",
    }),
  ),
}).annotations({ identifier: "SubscriptionWithSecret" });

export const SubscriptionList = Schema.Struct({ items: Schema.Array(Subscription) }).annotations({
  identifier: "SubscriptionList",
});

const list = HttpApiEndpoint.get("list", "/v1/subscriptions")
  .addSuccess(SubscriptionList)
  .annotateContext(operation("callbacks:manage", "List subscriptions", "Disabled ones too, oldest first."));

const create = HttpApiEndpoint.post("create", "/v1/subscriptions")
  .setPayload(SubscriptionInput)
  .addSuccess(
    SubscriptionWithSecret.annotations(
      HttpApiSchema.annotations({ status: 201, identifier: "SubscriptionWithSecret" }),
    ),
  )
  .addError(wire(AlreadyExists))
  .addError(wire(PayloadTooLarge))
  .addError(wire(SecretsUnavailable))
  .annotateContext(operation("callbacks:manage", "Subscribe to changes", "It hears of what happens from now on."));

const get = HttpApiEndpoint.get("get", "/v1/subscriptions/:id")
  .setPath(bySubscription)
  .addSuccess(Subscription)
  .addError(wire(NotFound))
  .annotateContext(operation("callbacks:manage", "Read a subscription"));

const replace = HttpApiEndpoint.put("replace", "/v1/subscriptions/:id")
  .setPath(bySubscription)
  .setHeaders(Preconditions)
  .setPayload(SubscriptionInput)
  .addSuccess(SubscriptionWithSecret)
  .addError(wire(NotFound))
  .addError(wire(AlreadyExists))
  .addError(wire(RevisionConflict))
  .addError(wire(PayloadTooLarge))
  .addError(wire(SecretsUnavailable))
  .annotateContext(
    operation(
      "callbacks:manage",
      "Replace a subscription",
      "What is left out gets its default; secrets stay as they are as long as they go to the same receiver.",
    ),
  );

const patch = HttpApiEndpoint.patch("patch", "/v1/subscriptions/:id")
  .setPath(bySubscription)
  .setHeaders(Preconditions)
  .setPayload(
    Schema.Union(
      SubscriptionPatch.pipe(HttpApiSchema.withEncoding({ kind: "Json", contentType: "application/merge-patch+json" })),
      SubscriptionPatch.pipe(HttpApiSchema.withEncoding({ kind: "Json", contentType: "application/json" })),
    ),
  )
  .addSuccess(SubscriptionWithSecret)
  .addError(wire(NotFound))
  .addError(wire(AlreadyExists))
  .addError(wire(RevisionConflict))
  .addError(wire(PayloadTooLarge))
  .addError(wire(SecretsUnavailable))
  .annotateContext(operation("callbacks:manage", "Change parts of a subscription"));

const remove = HttpApiEndpoint.del("remove", "/v1/subscriptions/:id")
  .setPath(bySubscription)
  .setHeaders(Preconditions)
  .addSuccess(HttpApiSchema.NoContent)
  .addError(wire(NotFound))
  .addError(wire(RevisionConflict))
  .annotateContext(operation("callbacks:manage", "Delete a subscription", "With its deliveries and their log."));

const enable = HttpApiEndpoint.post("enable", "/v1/subscriptions/:id/enable")
  .setPath(bySubscription)
  .addSuccess(Subscription)
  .addError(wire(NotFound))
  .annotateContext(
    operation(
      "callbacks:manage",
      "Enable a subscription",
      "What was held is delivered; of what happened while it was disabled it is not told.",
    ),
  );

const disable = HttpApiEndpoint.post("disable", "/v1/subscriptions/:id/disable")
  .setPath(bySubscription)
  .addSuccess(Subscription)
  .addError(wire(NotFound))
  .annotateContext(operation("callbacks:manage", "Disable a subscription", "What is not delivered yet is held."));

const rotate = HttpApiEndpoint.post("rotateSecret", "/v1/subscriptions/:id/rotate-secret")
  .setPath(bySubscription)
  .setUrlParams(
    Schema.Struct({
      overlap: one(integer(0, MAX_OVERLAP / 1000, DEFAULT_OVERLAP / 1000), {
        description: "Seconds for which the secret before signs too, so that no callback is refused in between.",
        example: 3600,
      }),
    }),
  )
  .addSuccess(SubscriptionWithSecret)
  .addError(wire(NotFound))
  .addError(wire(RevisionConflict))
  .addError(wire(SecretsUnavailable))
  .annotateContext(operation("callbacks:manage", "Replace the signing secret of a webhook"));

export const SubscriptionsGroup = HttpApiGroup.make("subscriptions")
  .add(list)
  .add(create)
  .add(get)
  .add(replace)
  .add(patch)
  .add(remove)
  .add(enable)
  .add(disable)
  .add(rotate)
  .addError(wire(InvalidInput))
  .addError(wire(PermissionDenied))
  .addError(wire(StoreUnavailable))
  .middleware(Bearer)
  .annotateContext(
    OpenApi.annotations({ title: "Subscriptions", description: "Who is told of which changes, by signed callbacks." }),
  );
