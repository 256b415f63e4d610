/**
 * The sample company: an online grocer, small enough to be read in one sitting and tangled enough to ask questions of.
 * People are named for their roles.
 */
import type { JsonObject } from "@cadastre/domain/Json";

interface Common {
  readonly title: string;
  readonly description: string;
  readonly tags?: ReadonlyArray<string>;
  readonly labels?: { readonly [key: string]: string };
}

const entity = (
  kind: string,
  name: string,
  { title, description, tags, labels }: Common,
  spec: JsonObject,
): JsonObject => ({
  apiVersion: "cadastre.dev/v1",
  kind,
  metadata: {
    name,
    title,
    description,
    ...(labels === undefined ? {} : { labels }),
    ...(tags === undefined ? {} : { tags }),
  },
  spec,
});

const domain = (name: string, common: Common, owner: string) => entity("Domain", name, common, { owner });

const system = (name: string, common: Common, owner: string, domain: string) =>
  entity("System", name, common, { owner, domain });

const group = (name: string, common: Common, type: string, parent?: string) =>
  entity("Group", name, common, { type, ...(parent === undefined ? {} : { parent }), children: [] });

const user = (name: string, common: Common, memberOf: ReadonlyArray<string>) =>
  entity("User", name, common, { profile: { displayName: common.title }, memberOf });

const component = (name: string, common: Common, owner: string, system: string, type: string, rest: JsonObject = {}) =>
  entity("Component", name, common, { type, lifecycle: "production", owner, system, ...rest });

const api = (name: string, common: Common, owner: string, system: string, type: string, definition: string) =>
  entity("API", name, common, { type, lifecycle: "production", owner, system, definition });

const resource = (name: string, common: Common, owner: string, system: string, type: string, rest: JsonObject = {}) =>
  entity("Resource", name, common, { type, owner, system, ...rest });

const openapi = (title: string, path: string, summary: string) =>
  `openapi: 3.1.0
info: { title: ${title}, version: 1.0.0 }
paths:
  ${path}:
    get:
      summary: ${summary}
      responses:
        "200": { description: OK }
`;

const asyncapi = (title: string, channel: string) =>
  `asyncapi: 3.0.0
info: { title: ${title}, version: 1.0.0 }
channels:
  ${channel}:
    address: ${channel}
`;

/** In no particular order: references may point ahead. */
export const company: ReadonlyArray<JsonObject> = [
  group("grocer", { title: "The grocer", description: "Everyone." }, "organization"),
  group("commerce", { title: "Commerce", description: "What customers see and buy." }, "department", "grocer"),
  group("logistics", { title: "Logistics", description: "From the shelf to the door." }, "department", "grocer"),
  group("platform", { title: "Platform", description: "What all the other teams build on." }, "department", "grocer"),
  group("storefront", { title: "Storefront", description: "Shop pages, search and basket." }, "team", "commerce"),
  group("checkout", { title: "Checkout", description: "Orders and payments." }, "team", "commerce"),
  group("warehouse", { title: "Warehouse", description: "Stock, picking and packing." }, "team", "logistics"),
  group("delivery", { title: "Delivery", description: "Routes, vans and time slots." }, "team", "logistics"),
  group("foundations", { title: "Foundations", description: "Identity, messaging, run time." }, "team", "platform"),
  group("insight", { title: "Insight", description: "Data warehouse and reports." }, "team", "platform"),

  user("oncall-storefront", { title: "Storefront on call", description: "Whoever carries the pager." }, ["storefront"]),
  user("oncall-payments", { title: "Payments on call", description: "Whoever carries the pager." }, ["checkout"]),
  user("oncall-warehouse", { title: "Warehouse on call", description: "Whoever carries the pager." }, ["warehouse"]),
  user("oncall-delivery", { title: "Delivery on call", description: "Whoever carries the pager." }, ["delivery"]),
  user("oncall-platform", { title: "Platform on call", description: "Whoever carries the pager." }, [
    "foundations",
    "insight",
  ]),
  user("lead-checkout", { title: "Checkout lead", description: "Decides what Checkout builds next." }, ["checkout"]),
  user("release-manager", { title: "Release manager", description: "Says when a release goes out." }, ["platform"]),

  domain("commerce", { title: "Commerce", description: "Finding, choosing and paying for groceries." }, "commerce"),
  domain("logistics", { title: "Logistics", description: "Storing, packing and bringing groceries." }, "logistics"),
  domain("platform", { title: "Platform", description: "The ground that the other domains stand on." }, "platform"),

  system("shop", { title: "Shop", description: "The site and the app." }, "storefront", "commerce"),
  system("payments", { title: "Payments", description: "Takes money and gives it back." }, "checkout", "commerce"),
  system("stock", { title: "Stock", description: "Knows what lies where." }, "warehouse", "logistics"),
  system("dispatch", { title: "Dispatch", description: "Plans and follows deliveries." }, "delivery", "logistics"),
  system("identity", { title: "Identity", description: "Who is who, and may do what." }, "foundations", "platform"),
  system("data", { title: "Data", description: "Everything that is counted." }, "insight", "platform"),

  component(
    "shop-web",
    {
      title: "Shop site",
      description: "Server-rendered shop pages.",
      tags: ["typescript", "web"],
      labels: { tier: "1" },
    },
    "storefront",
    "shop",
    "website",
    { consumesApis: ["catalogue-api", "basket-api", "login-api"], dependsOn: ["component:search"] },
  ),
  component(
    "shop-app",
    { title: "Shop app", description: "For phones and tablets.", tags: ["kotlin", "swift"], labels: { tier: "1" } },
    "storefront",
    "shop",
    "app",
    { consumesApis: ["catalogue-api", "basket-api", "login-api"] },
  ),
  component(
    "catalogue",
    { title: "Catalogue", description: "Products, prices and pictures.", tags: ["java"], labels: { tier: "1" } },
    "storefront",
    "shop",
    "service",
    { providesApis: ["catalogue-api"], consumesApis: ["stock-api"], dependsOn: ["resource:catalogue-db"] },
  ),
  component(
    "search",
    { title: "Search", description: "Full text and suggestions.", tags: ["rust"], labels: { tier: "2" } },
    "storefront",
    "shop",
    "service",
    { consumesApis: ["catalogue-api"], dependsOn: ["resource:search-index"] },
  ),
  component(
    "basket",
    { title: "Basket", description: "What a customer is about to buy.", tags: ["java"], labels: { tier: "1" } },
    "storefront",
    "shop",
    "service",
    { providesApis: ["basket-api"], consumesApis: ["payments-api"], dependsOn: ["resource:basket-cache"] },
  ),
  component(
    "payments",
    { title: "Payments", description: "Takes money from customers.", tags: ["java", "pci"], labels: { tier: "1" } },
    "checkout",
    "payments",
    "service",
    {
      providesApis: ["payments-api", "order-events"],
      dependsOn: ["resource:payments-db", "resource:event-bus", "component:fraud-check"],
    },
  ),
  component(
    "fraud-check",
    {
      title: "Fraud check",
      description: "Scores an order before it is paid.",
      tags: ["python", "ml"],
      labels: { tier: "1" },
    },
    "checkout",
    "payments",
    "service",
    { dependsOn: ["resource:warehouse-lake"] },
  ),
  component(
    "refunds",
    { title: "Refunds", description: "Gives money back, by rule or by hand.", tags: ["java"], labels: { tier: "2" } },
    "checkout",
    "payments",
    "service",
    { consumesApis: ["payments-api"], subcomponentOf: "payments" },
  ),
  component(
    "stock-keeper",
    { title: "Stock keeper", description: "Counts what comes and goes.", tags: ["go"], labels: { tier: "1" } },
    "warehouse",
    "stock",
    "service",
    {
      providesApis: ["stock-api"],
      consumesApis: ["order-events"],
      dependsOn: ["resource:stock-db", "resource:event-bus"],
    },
  ),
  component(
    "picking",
    { title: "Picking", description: "Tells pickers where to walk.", tags: ["go"], labels: { tier: "2" } },
    "warehouse",
    "stock",
    "service",
    { consumesApis: ["stock-api", "order-events"], providesApis: ["parcel-events"], dependsOn: ["resource:event-bus"] },
  ),
  component(
    "route-planner",
    {
      title: "Route planner",
      description: "Fills vans and draws their routes.",
      tags: ["python"],
      labels: { tier: "2" },
    },
    "delivery",
    "dispatch",
    "service",
    {
      consumesApis: ["parcel-events"],
      providesApis: ["slots-api"],
      dependsOn: ["resource:routes-db", "resource:event-bus"],
    },
  ),
  component(
    "driver-app",
    { title: "Driver app", description: "The next stop, and a signature.", tags: ["kotlin"], labels: { tier: "2" } },
    "delivery",
    "dispatch",
    "app",
    { consumesApis: ["slots-api", "login-api"] },
  ),
  component(
    "login",
    { title: "Login", description: "Passwords, passkeys and sessions.", tags: ["go"], labels: { tier: "1" } },
    "foundations",
    "identity",
    "service",
    { providesApis: ["login-api"], dependsOn: ["resource:identity-db"] },
  ),
  component(
    "reports",
    { title: "Reports", description: "The numbers on Monday morning.", tags: ["sql"], labels: { tier: "3" } },
    "insight",
    "data",
    "website",
    { dependsOn: ["resource:warehouse-lake"] },
  ),
  entity(
    "Component",
    "coupon-printer",
    {
      title: "Coupon printer",
      description: "Paper coupons at the old counters.",
      tags: ["perl"],
      labels: { tier: "3" },
    },
    { type: "service", lifecycle: "deprecated", owner: "user:lead-checkout", system: "payments" },
  ),

  api(
    "catalogue-api",
    { title: "Catalogue API", description: "Products and prices." },
    "storefront",
    "shop",
    "openapi",
    openapi("Catalogue", "/products", "Products by category"),
  ),
  api(
    "basket-api",
    { title: "Basket API", description: "Put in, take out, pay." },
    "storefront",
    "shop",
    "openapi",
    openapi("Basket", "/basket", "The caller's basket"),
  ),
  api(
    "payments-api",
    { title: "Payments API", description: "Authorise, capture, refund." },
    "checkout",
    "payments",
    "openapi",
    openapi("Payments", "/payments", "Payments of an order"),
  ),
  api(
    "order-events",
    { title: "Order events", description: "Placed, paid, cancelled." },
    "checkout",
    "payments",
    "asyncapi",
    asyncapi("Orders", "orders.v1"),
  ),
  api(
    "stock-api",
    { title: "Stock API", description: "How many are left, and where." },
    "warehouse",
    "stock",
    "grpc",
    'syntax = "proto3";\nservice Stock { rpc Count (CountRequest) returns (CountReply); }\n',
  ),
  api(
    "parcel-events",
    { title: "Parcel events", description: "Packed, loaded, handed over." },
    "warehouse",
    "stock",
    "asyncapi",
    asyncapi("Parcels", "parcels.v1"),
  ),
  api(
    "slots-api",
    { title: "Slots API", description: "When a van can come." },
    "delivery",
    "dispatch",
    "openapi",
    openapi("Slots", "/slots", "Free slots of a postcode"),
  ),
  api(
    "login-api",
    { title: "Login API", description: "OpenID Connect." },
    "foundations",
    "identity",
    "openapi",
    openapi("Login", "/userinfo", "Who is calling"),
  ),

  resource(
    "catalogue-db",
    { title: "Catalogue database", description: "PostgreSQL." },
    "storefront",
    "shop",
    "database",
  ),
  resource(
    "search-index",
    { title: "Search index", description: "Rebuilt every night." },
    "storefront",
    "shop",
    "index",
  ),
  resource(
    "basket-cache",
    { title: "Basket cache", description: "Baskets live a week." },
    "storefront",
    "shop",
    "cache",
  ),
  resource(
    "payments-db",
    { title: "Payments database", description: "PostgreSQL, encrypted." },
    "checkout",
    "payments",
    "database",
  ),
  resource("stock-db", { title: "Stock database", description: "PostgreSQL." }, "warehouse", "stock", "database"),
  resource("routes-db", { title: "Routes database", description: "PostGIS." }, "delivery", "dispatch", "database"),
  resource(
    "identity-db",
    { title: "Identity database", description: "PostgreSQL, encrypted." },
    "foundations",
    "identity",
    "database",
  ),
  resource(
    "event-bus",
    { title: "Event bus", description: "Every topic of the company." },
    "foundations",
    "identity",
    "message-broker",
  ),
  resource(
    "warehouse-lake",
    { title: "Data lake", description: "Fed by the event bus." },
    "insight",
    "data",
    "bucket",
    {
      dependsOn: ["resource:event-bus"],
    },
  ),
];
