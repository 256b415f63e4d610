import { type Backend, backend } from "../Backends.ts";
import { archives } from "./Archives.ts";
import { deliveries } from "./Deliveries.ts";
import { diagnoses } from "./Diagnoses.ts";
import { entities } from "./Entities.ts";
import { events } from "./Events.ts";
import { facets } from "./Facets.ts";
import { filters } from "./Filters.ts";
import { graphs } from "./Graphs.ts";
import { jobBoard } from "./JobBoard.ts";
import { jobKeys } from "./JobKeys.ts";
import { jobLeases } from "./JobLeases.ts";
import { jobModel } from "./JobModel.ts";
import { jobs } from "./Jobs.ts";
import { listing } from "./Listing.ts";
import { relations } from "./Relations.ts";
import { search } from "./Search.ts";
import { subscriptions } from "./Subscriptions.ts";
import { tokens } from "./Tokens.ts";
import { transactions } from "./Transactions.ts";
import { wakeups } from "./Wakeups.ts";

const SUITES: ReadonlyArray<(backend: Backend) => void> = [
  transactions,
  entities,
  relations,
  listing,
  filters,
  search,
  facets,
  graphs,
  events,
  wakeups,
  jobs,
  jobLeases,
  jobKeys,
  jobBoard,
  jobModel,
  tokens,
  subscriptions,
  deliveries,
  archives,
  diagnoses,
];

/** Everything that the ports of the store promise, as tests on the backend of that name. */
export const stores = (name: string): void => {
  for (const suite of SUITES) suite(backend(name));
};
