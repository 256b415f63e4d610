import * as Module from "@cadastre/domain/Module";

/** The reader of documents: the YAML library that it stands on is not worth waiting for when the daemon starts. */
export const documents = Module.lazy(() => import("@cadastre/descriptors/Documents"));
