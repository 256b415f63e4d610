import { optional } from "@cadastre/api/Parameters";
import { Entities } from "@cadastre/core/Entities";
import { Graphs } from "@cadastre/core/Graphs";
import { byKey } from "@cadastre/domain/EntityStore";
import { isObject } from "@cadastre/domain/Json";
import type { RelationType } from "@cadastre/domain/Relation";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { loose } from "../internal/inputs.ts";
import { type Found, foundOf, type Lookup } from "../internal/lookup.ts";
import { some } from "../internal/view.ts";
import { reading, type Tool } from "../Tool.ts";

const Output = Schema.Struct({
  reference: Schema.String,
  owner: optional(Schema.String),
  title: optional(Schema.String),
  /** Where the entity names no owner itself: what it is part of, whose owner this is. */
  inheritedFrom: optional(Schema.String),
  registered: optional(Schema.Boolean),
  members: Schema.Array(Schema.String),
  within: Schema.Array(Schema.String),
  contacts: Schema.Array(Schema.Struct({ name: Schema.String, value: Schema.String })),
});

/** Members that are named. */
const MAX_MEMBERS = 30;

/** Entities above one another that are asked for an owner. */
const MAX_LEVELS = 10;

export const tool = (lookup: Lookup): Effect.Effect<Tool, never, Entities | Graphs> =>
  Effect.gen(function* () {
    const entities = yield* Entities;
    const graphs = yield* Graphs;

    const get = (key: string) =>
      Effect.option(Effect.map(Effect.catchTag(entities.get(byKey(key)), "StoreUnavailable", Effect.fail), foundOf));

    /** The entity itself or the nearest of what it is part of that names an owner. */
    const owned = Effect.fnUntraced(function* (found: Found) {
      let at: Found | undefined = found;
      for (let level = 0; at !== undefined && level < MAX_LEVELS; level++) {
        const [owner] = targets(at, "ownedBy");
        if (owner !== undefined) return { owner, of: at };
        const [whole]: ReadonlyArray<string> = targets(at, "partOf");
        at = whole === undefined ? undefined : yield* get(whole).pipe(Effect.map(optionToUndefined));
      }
      return undefined;
    });

    return reading({
      name: "get_owner",
      title: "Who owns it, and whom to ask",
      description:
        "The team or person that answers for an entity, with members, the groups above and how to reach them. Use it for who owns, who is on call, whom do I ask. Takes a team too: then it tells of that team.",
      toolset: "search",
      scope: "catalog:read",
      input: Schema.Struct({ reference: Schema.typeSchema(loose) }),
      output: Output,
      run: Effect.fnUntraced(function* ({ reference }) {
        const found = yield* lookup.find(reference);
        const isOwner = ["group", "user"].includes(found.entity.kind.toLowerCase());
        const ownership = isOwner ? { owner: found.key, of: found } : yield* owned(found);
        if (ownership === undefined) {
          return {
            structured: { reference: found.key, members: [], within: [], contacts: [] },
            text: `Nobody owns ${found.key}, nor what it is part of. get_history tells who last changed it.`,
          };
        }
        const { owner, of } = ownership;
        const team = isOwner ? found : optionToUndefined(yield* get(owner));
        const groups =
          team === undefined
            ? []
            : (yield* graphs.walk(team.text.uid, {
                direction: "dependencies",
                types: ["childOf", "memberOf"],
                depth: undefined,
                limit: 20,
              })).nodes;
        const within = groups.slice(1).map(({ reference }) => reference);
        const members = team === undefined ? [] : targets(team, "hasMember").slice(0, MAX_MEMBERS);
        const contacts = [...contactsOf(team), ...(isOwner ? [] : contactsOf(found))];
        const title = team?.entity.metadata.title;
        return {
          structured: {
            reference: found.key,
            owner,
            ...(title === undefined ? {} : { title }),
            ...(of.key === found.key ? {} : { inheritedFrom: of.key }),
            ...(team === undefined ? { registered: false } : {}),
            members,
            within,
            contacts,
          },
          text: [
            isOwner
              ? `${found.key}${title === undefined ? "" : ` "${title}"`}`
              : `${found.key} is owned by ${owner}${title === undefined ? "" : ` "${title}"`}${of.key === found.key ? "" : `, the owner of ${of.key}, which it is part of`}.`,
            ...(team === undefined ? [`${owner} is not registered in the catalog.`] : []),
            ...(members.length === 0 ? [] : [`members: ${some(members, MAX_MEMBERS)}`]),
            ...(within.length === 0 ? [] : [`within: ${within.join(", ")}`]),
            ...contacts.map(({ name, value }) => `${name}: ${value}`),
          ].join("\n"),
        };
      }),
    });
  });

const targets = ({ entity }: Found, relation: RelationType): ReadonlyArray<string> =>
  (entity.relations ?? []).filter(({ type }) => type === relation).map(({ targetRef }) => targetRef);

const optionToUndefined = <A>(option: { readonly _tag: "None" } | { readonly _tag: "Some"; readonly value: A }) =>
  option._tag === "Some" ? option.value : undefined;

/** Annotations by which teams say how to reach them. */
const REACH = /slack|teams|chat|mail|pager|opsgenie|on-?call|phone|contact/i;

const contactsOf = (found: Found | undefined): ReadonlyArray<{ readonly name: string; readonly value: string }> => {
  if (found === undefined) return [];
  const { metadata, spec = {} } = found.entity;
  const { profile } = spec;
  const links = Array.isArray(metadata["links"]) ? metadata["links"] : [];
  return [
    ...(isObject(profile) && typeof profile["email"] === "string" ? [{ name: "email", value: profile["email"] }] : []),
    ...links.flatMap((link) =>
      isObject(link) && typeof link["url"] === "string"
        ? [{ name: String(link["title"] ?? "link"), value: link["url"] }]
        : [],
    ),
    ...Object.entries(metadata.annotations ?? {}).flatMap(([name, value]) =>
      REACH.test(name) ? [{ name, value }] : [],
    ),
  ];
};
