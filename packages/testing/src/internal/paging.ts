import type { EntityPage, EntityQuery } from "@cadastre/domain/EntityQuery";
import { EntityStore } from "@cadastre/domain/EntityStore";
import * as Effect from "effect/Effect";
import type { Stores } from "../Backends.ts";

/** Every page, with something done after each. */
export const pagesOf = Effect.fnUntraced(function* (
  query: EntityQuery,
  between: (page: number) => Effect.Effect<void, unknown, Stores> = () => Effect.void,
) {
  const store = yield* EntityStore;
  const pages = [yield* store.list(query)];
  for (let last = pages[0]; last?.next !== undefined; last = pages.at(-1)) {
    yield* between(pages.length - 1);
    pages.push(yield* store.list({ ...query, after: last.next }));
  }
  return pages;
});

export const uidsOf = (pages: ReadonlyArray<EntityPage>) => pages.flatMap(({ items }) => items.map(({ uid }) => uid));
