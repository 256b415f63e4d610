/**
 * Entities in bulk, for load: the same for the same number, about 1 KB and three relations each.
 */
import type { JsonObject } from "@cadastre/domain/Json";

/** Namespace of everything generated, so that it can be told from what is real. */
export const NAMESPACE = "load";

const LANGUAGES = ["go", "java", "kotlin", "python", "rust", "typescript"];

const TYPES = ["service", "website", "library", "job"];

const LIFECYCLES = ["production", "production", "production", "experimental", "deprecated"];

const VERBS = ["counts", "sorts", "stores", "forwards", "checks", "merges", "prices", "plans"];

const NOUNS = ["orders", "parcels", "invoices", "sessions", "prices", "routes", "reports", "returns"];

/** One group in 100 entities and one system in 25; the others are components, APIs and resources. */
export function* generate(count: number): Generator<JsonObject> {
  const groups = Math.max(1, Math.floor(count / 100));
  const systems = Math.max(1, Math.floor(count / 25));
  for (let i = 0; i < count; i++) {
    const random = pseudoRandom(i);
    const pick = <A>(values: ReadonlyArray<A>): A => values[Math.floor(random() * values.length)] as A;
    const any = (bound: number) => Math.floor(random() * bound);
    const described = (kind: string, name: string, spec: JsonObject): JsonObject => ({
      apiVersion: "cadastre.dev/v1",
      kind,
      metadata: {
        namespace: NAMESPACE,
        name,
        title: name.replace("-", " "),
        description: Array.from(
          { length: 9 },
          () => `It ${pick(VERBS)} ${pick(NOUNS)} and ${pick(VERBS)} ${pick(NOUNS)}.`,
        ).join(" "),
        labels: { tier: String(1 + any(4)), region: pick(["north", "south", "east", "west"]) },
        annotations: {
          "example.com/repository": `https://git.example.com/load/${name}`,
          "example.com/cost-centre": `cc-${any(500)}`,
        },
        tags: [pick(LANGUAGES), `batch-${any(50)}`],
      },
      spec,
    });

    if (i < groups) {
      yield described("Group", `team-${i}`, {
        type: "team",
        children: [],
        ...(i === 0 ? {} : { parent: `team-${any(i)}` }),
      });
    } else if (i < groups + systems) {
      yield described("System", `system-${i - groups}`, { owner: `team-${any(groups)}` });
    } else {
      const kind = pick(["Component", "Component", "Component", "API", "Resource"]);
      const spec = {
        type: pick(TYPES),
        lifecycle: pick(LIFECYCLES),
        owner: `team-${any(groups)}`,
        system: `system-${any(systems)}`,
      };
      const earlier = groups + systems + any(i - groups - systems + 1);
      yield described(kind, `${kind.toLowerCase()}-${i}`, {
        ...spec,
        ...(kind === "API" ? { definition: "openapi: 3.1.0" } : { dependsOn: [`component:component-${earlier}`] }),
      });
    }
  }
}

/** Mulberry32, started at `seed`: good enough to look irregular. */
const pseudoRandom = (seed: number) => {
  let state = (seed + 1) * 0x9e3779b9;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};
