/**
 * Every tool there is, in the order in which they are listed.
 */
import type { Entities } from "@cadastre/core/Entities";
import type { Events } from "@cadastre/core/Events";
import type { Facets } from "@cadastre/core/Facets";
import type { Graphs } from "@cadastre/core/Graphs";
import type { Histories } from "@cadastre/core/Histories";
import * as Effect from "effect/Effect";
import * as Lookup from "./internal/lookup.ts";
import type { Tool } from "./Tool.ts";
import * as DescribeModel from "./tools/DescribeModel.ts";
import * as GetEntity from "./tools/GetEntity.ts";
import * as GetFacets from "./tools/GetFacets.ts";
import * as GetGraph from "./tools/GetGraph.ts";
import * as GetHistory from "./tools/GetHistory.ts";
import * as GetOwner from "./tools/GetOwner.ts";
import * as ListChanges from "./tools/ListChanges.ts";
import * as SearchCatalog from "./tools/SearchCatalog.ts";
import * as ValidateEntity from "./tools/ValidateEntity.ts";
import * as WhoAmI from "./tools/WhoAmI.ts";
import * as WriteEntity from "./tools/WriteEntity.ts";

export type Requirements = Entities | Events | Facets | Graphs | Histories;

export const make: Effect.Effect<ReadonlyArray<Tool>, never, Requirements> = Effect.flatMap(Lookup.make, (lookup) =>
  Effect.all([
    SearchCatalog.tool,
    GetEntity.tool(lookup),
    GetOwner.tool(lookup),
    GetGraph.tool(lookup),
    GetHistory.tool(lookup),
    ListChanges.tool,
    GetFacets.tool,
    DescribeModel.tool,
    ValidateEntity.tool,
    WriteEntity.apply,
    WriteEntity.patch(lookup),
    WriteEntity.remove(lookup),
    Effect.succeed(WhoAmI.tool),
  ]),
);
