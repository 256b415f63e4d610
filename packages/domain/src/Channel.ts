/**
 * How a subscription's callbacks reach their receiver. What may be shown ({@link Channel}) is kept apart from what may not
 * ({@link Secrets}), so that settings are listed as they are and secrets are stored sealed.
 */
import type * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";

const Url = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(2048));

/** Any receiver of ours or others: CloudEvents 1.0, signed as Standard Webhooks 1.0. */
export const WebhookChannel = Schema.Struct({
  type: Schema.Literal("webhook"),
  url: Url.annotations({ description: "Where callbacks are posted to; must not hold credentials." }),
}).annotations({ identifier: "WebhookChannel" });

const NAME = /^[A-Za-z_][A-Za-z0-9_.]{0,79}$/;

const NOT_A_NAME = "must be a name of letters, digits, _ and dots, at most 80 characters";

/** A name of a ServiceNow table, class or field. */
const Name = Schema.String.pipe(Schema.pattern(NAME)).annotations({
  message: () => ({ message: NOT_A_NAME, override: true }),
});

/** Texts by the names of fields. A key schema would drop the names that it does not match, without a word. */
const Fields = Schema.Record({ key: Schema.String, value: Schema.String.pipe(Schema.maxLength(4000)) }).pipe(
  Schema.filter((fields) =>
    Object.keys(fields)
      .filter((name) => !NAME.test(name))
      .map((name) => ({ path: [name], message: NOT_A_NAME })),
  ),
);

const Correlation = {
  correlationField: Schema.optionalWith(Name, { default: () => "correlation_id" }).annotations({
    description: "The field that holds the correlation id, by which a record is found again.",
  }),
};

export const ServiceNowTarget = Schema.Union(
  Schema.Struct({
    interface: Schema.Literal("table").annotations({
      description:
        "Table API: the record is looked up by its correlation id, then updated, or created if there is none.",
    }),
    table: Name,
    ...Correlation,
  }),
  Schema.Struct({
    interface: Schema.Literal("import").annotations({
      description: "Import Set API: the transform map of the staging table creates or updates, by its coalesce field.",
    }),
    table: Name.annotations({ description: "The staging table." }),
    ...Correlation,
  }),
  Schema.Struct({
    interface: Schema.Literal("ire").annotations({
      description: "Identification and Reconciliation: the CMDB's own rules find or create the configuration item.",
    }),
    table: Name.annotations({ description: "The class of the configuration item, such as cmdb_ci_service." }),
    dataSource: Schema.NonEmptyString.pipe(Schema.maxLength(100)).annotations({
      description: "One of the choices of `discovery_source` in the instance; others are put aside as incomplete.",
    }),
  }),
).annotations({ identifier: "ServiceNowTarget" });

export type ServiceNowTarget = typeof ServiceNowTarget.Type;

export const ServiceNowAuth = Schema.Union(
  Schema.Struct({
    type: Schema.Literal("basic"),
    // RFC 7617 §2: a colon would end it.
    username: Schema.NonEmptyString.pipe(Schema.maxLength(200), Schema.pattern(/^[^:]*$/)).annotations({
      message: () => ({ message: "must be a user name of at most 200 characters, without a colon", override: true }),
    }),
  }),
  Schema.Struct({
    type: Schema.Literal("oauth2").annotations({ description: "The client credentials grant (RFC 6749 §4.4)." }),
    clientId: Schema.NonEmptyString.pipe(Schema.maxLength(200)),
    tokenUrl: Schema.optional(Url).annotations({ description: "`/oauth_token.do` of the instance if absent." }),
  }),
).annotations({ identifier: "ServiceNowAuth" });

/** A record of a ServiceNow instance. */
export const ServiceNowChannel = Schema.Struct({
  type: Schema.Literal("servicenow"),
  instance: Url.annotations({
    description: "The instance's own address.",
    examples: ["https://example.service-now.com"],
  }),
  target: ServiceNowTarget,
  fields: Fields.annotations({
    description:
      "Field of the record → its text. `{/entity/metadata/name}` is replaced by what the JSON pointer finds in the callback's `data`, or by nothing.",
    examples: [{ name: "{/entity/metadata/name}", short_description: "{/entity/metadata/description}" }],
  }),
  correlationId: Schema.optionalWith(Schema.NonEmptyString.pipe(Schema.maxLength(500)), {
    default: () => "{/entity/metadata/uid}",
  }).annotations({
    description: "What makes a record the same: the entity's uid, so one record an entity, unless set.",
  }),
  auth: ServiceNowAuth,
}).annotations({ identifier: "ServiceNowChannel" });

export type ServiceNowChannel = typeof ServiceNowChannel.Type;

/** A message for people. The address of the incoming webhook is a secret ({@link Secrets}): who knows it can write. */
export const ChatChannel = Schema.Struct({
  type: Schema.Literal("chat"),
  shape: Schema.Literal("slack", "mattermost", "teams"),
}).annotations({ identifier: "ChatChannel" });

export const Channel = Schema.Union(WebhookChannel, ServiceNowChannel, ChatChannel).annotations({
  identifier: "Channel",
});

export type Channel = typeof Channel.Type;

/** `whsec_` and the base64 of 24 to 64 random bytes (Standard Webhooks 1.0, "Signature scheme"). */
export const SigningSecret = Schema.Redacted(
  Schema.String.pipe(
    Schema.filter((value) => {
      const encoded = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/.exec(value)?.[1];
      const bytes = encoded === undefined ? 0 : (encoded.replace(/=+$/, "").length * 3) >> 2;
      return (bytes >= 24 && bytes <= 64) || "must be whsec_ and the base64 of 24 to 64 bytes";
    }),
  ),
);

export const Signing = Schema.Struct({
  current: SigningSecret,
  /** Replaced ones, the newest first, that sign too until their time: milliseconds since the epoch. */
  previous: Schema.Array(Schema.Struct({ secret: SigningSecret, until: Schema.Number })),
});

export type Signing = typeof Signing.Type;

/** The signing secrets after a rotation: the one that was in force goes on signing until `until`. */
export const rotate = (signing: Signing, next: Redacted.Redacted, now: number, until: number): Signing => ({
  current: next,
  previous: [{ secret: signing.current, until }, ...signing.previous.filter((previous) => now < previous.until)],
});

const Secret = Schema.Redacted(Schema.NonEmptyString.pipe(Schema.maxLength(2048)));

/**
 * What a channel needs and nobody may see. Which members a channel takes: `webhook` signing, `servicenow` password (basic) or
 * clientSecret (oauth2), `chat` url. To be stored through the `Vault`: encoded, these are plain text.
 */
export const Secrets = Schema.Struct({
  signing: Schema.optional(Signing),
  password: Schema.optional(Secret),
  clientSecret: Schema.optional(Secret),
  url: Schema.optional(Secret),
});

export type Secrets = typeof Secrets.Type;
