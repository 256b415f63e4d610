import { backend } from "@cadastre/testing/Backends";
import { overlaps } from "./overlaps.ts";

for (const version of ["16", "18"]) overlaps(backend(`postgres ${version}`));
