import { component } from "@cadastre/e2e/Documents";
import * as Http from "@cadastre/e2e/Http";
import type * as Program from "@cadastre/e2e/Program";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { encode } from "gpt-tokenizer";
import { type Call, company, modern } from "./agents/company.ts";

/** A question that people ask, the calls that an agent answers it by, and what the answers have to tell. */
interface Scenario {
  readonly question: string;
  readonly calls: ReadonlyArray<readonly [name: string, args: Call["arguments"]]>;
  /** Each has to occur in the words, as in the structured part, of some answer. */
  readonly tells: ReadonlyArray<string>;
  readonly never?: ReadonlyArray<string>;
}

const SCENARIOS: ReadonlyArray<Scenario> = [
  {
    question: "What breaks if the payments database goes down?",
    calls: [["get_graph", { reference: "payments database", direction: "dependents", depth: "all" }]],
    tells: [
      "component:default/payments",
      "component:default/refunds",
      "component:default/basket",
      "component:default/shop-web",
    ],
  },
  {
    question: "Which production services have no owner?",
    calls: [
      [
        "search_catalog",
        {
          kind: ["Component"],
          filter:
            'entity.spec.lifecycle == "production" && (owner == "" || entity.relations.exists(r, r.type == "ownedBy" && r.dangling))',
        },
      ],
    ],
    tells: ["component:default/orphan"],
    never: ["component:default/payments"],
  },
  {
    question: "Who changed payments lately, and how?",
    calls: [["get_history", { reference: "component:payments" }]],
    tells: ["token:admin", "/metadata/title", "rest"],
  },
  {
    question: "Who owns the basket, and who is above them?",
    calls: [["get_owner", { reference: "component:basket" }]],
    tells: ["group:default/storefront", "group:default/commerce", "user:default/oncall-storefront"],
  },
  {
    question: "Who is on call for payments?",
    calls: [["get_owner", { reference: "component:payments" }]],
    tells: ["user:default/oncall-payments"],
  },
  {
    question: "What is the fraud check?",
    calls: [["get_entity", { reference: "fraud check" }]],
    tells: ["component:default/fraud-check", "Scores an order before it is paid.", "resource:default/warehouse-lake"],
  },
  {
    question: "What does the shop site need, directly?",
    calls: [["get_graph", { reference: "shop-web", direction: "dependencies" }]],
    tells: ["api:default/basket-api", "component:default/search", "group:default/storefront"],
  },
  {
    question: "Why does the shop site depend on the event bus?",
    calls: [["get_graph", { reference: "component:shop-web", to: "resource:event-bus" }]],
    tells: ["consumesApi", "resource:default/event-bus"],
  },
  {
    question: "How many components does each team own?",
    calls: [["get_facets", { by: ["owner"], kind: ["Component"] }]],
    tells: ["group:default/storefront", "group:default/checkout"],
  },
  {
    question: "Which of our services are written in Java?",
    calls: [["search_catalog", { tag: ["java"] }]],
    tells: ["component:default/payments", "component:default/catalogue", "component:default/refunds"],
    never: ["component:default/picking"],
  },
  {
    question: "Which services of tier 1 does checkout own?",
    calls: [["search_catalog", { kind: ["Component"], owner: ["checkout"], label: ["tier=1"] }]],
    tells: ["component:default/payments", "component:default/fraud-check"],
    never: ["component:default/refunds"],
  },
  {
    question: "What is deprecated?",
    calls: [["search_catalog", { filter: 'has(entity.spec.lifecycle) && entity.spec.lifecycle == "deprecated"' }]],
    tells: ["component:default/coupon-printer"],
  },
  {
    question: "Who consumes the payments API?",
    calls: [["get_graph", { reference: "api:payments-api", direction: "dependents", relation: ["consumesApi"] }]],
    tells: ["component:default/basket", "component:default/refunds"],
    never: ["resource:default/payments-db"],
  },
  {
    question: "What does the payments API look like?",
    calls: [
      ["get_entity", { reference: "api:payments-api" }],
      ["get_entity", { reference: "api:payments-api", fields: ["spec.definition"] }],
    ],
    tells: ["spec.definition", "openapi: 3.1.0"],
  },
  {
    question: "What is payments? (there is a system and a component)",
    calls: [
      ["get_entity", { reference: "payments" }],
      ["get_entity", { reference: "component:default/payments" }],
    ],
    tells: ["system:default/payments", "Takes money from customers."],
  },
  {
    question: "Which systems are there, and to which domain do they belong?",
    calls: [["search_catalog", { kind: ["System"], fields: ["spec.domain", "spec.owner"] }]],
    tells: ["system:default/dispatch", "logistics"],
  },
  {
    question: "What was created or changed today?",
    calls: [["list_changes", { limit: 10, type: ["entity.updated"] }]],
    tells: ["component:default/payments", "/metadata/title"],
  },
  {
    question: "What do I need to know to write a descriptor for a new service?",
    calls: [["describe_model", { kind: "Component" }]],
    tells: ["spec.lifecycle", "spec.providesApis", "service"],
  },
  {
    question: "Is this descriptor all right?",
    calls: [
      [
        "validate_entity",
        {
          document:
            "apiVersion: cadastre.dev/v1\nkind: Component\nmetadata: {name: new one}\nspec: {type: service, owner: checkout}\n",
        },
      ],
    ],
    tells: ["/metadata/name", "/spec/lifecycle", "line 3"],
  },
  {
    question: "Retire the coupon printer.",
    calls: [
      ["get_graph", { reference: "coupon printer", direction: "dependents", depth: "all" }],
      ["patch_entity", { reference: "component:coupon-printer", patch: { status: { state: "inactive" } } }],
      ["get_entity", { reference: "component:coupon-printer", fields: ["status.state"] }],
    ],
    tells: ["needed by nothing", "updated", "inactive"],
  },
  {
    question: "May I delete the event bus?",
    calls: [["delete_entity", { reference: "resource:event-bus" }]],
    tells: ["component:default/picking", "status"],
  },
];

const MAX_CALLS = 3;

const MAX_TOKENS = 4_000;

/** What the questions are about besides the sample: a change by hand, and a service whose team is not registered. */
const change = (daemon: Program.Daemon) =>
  Effect.gen(function* () {
    const { text } = yield* Http.get(daemon, "/v1/entities/by-ref/component/default/payments");
    const uid: string = JSON.parse(text).metadata.uid;
    yield* Http.json(daemon, "PATCH", `/v1/entities/${uid}`, { metadata: { title: "Payments, renamed" } });
    yield* Http.json(daemon, "POST", "/v1/entities", component("orphan", { owner: "a-team-that-is-gone" }));
  });

describe("questions to the sample company", () => {
  it.scopedLive(`${SCENARIOS.length} are answered, each in at most ${MAX_CALLS} calls and ${MAX_TOKENS} tokens`, () =>
    Effect.gen(function* () {
      const daemon = yield* company();
      yield* change(daemon);
      const client = yield* modern(daemon);
      const costs: Array<string> = [];
      for (const { question, calls, tells, never = [] } of SCENARIOS) {
        expect(calls.length, question).toBeLessThanOrEqual(MAX_CALLS);
        let tokens = 0;
        let words = "";
        for (const [name, args] of calls) {
          const result = yield* Effect.promise(() => client.callTool({ name, arguments: args }));
          tokens += encode(
            JSON.stringify({ content: result.content, structuredContent: result.structuredContent }),
          ).length;
          words += `${result.content.map((block) => (block.type === "text" ? block.text : "")).join("\n")}\n`;
        }
        costs.push(`${String(tokens).padStart(5)}  ${question}`);
        expect(tokens, question).toBeLessThanOrEqual(MAX_TOKENS);
        for (const told of tells) expect(words, question).toContain(told);
        for (const untold of never) expect(words, question).not.toContain(untold);
      }
      if (process.env["CADASTRE_SHOW_COSTS"] !== undefined) console.log(costs.join("\n"));
    }),
  );
});
