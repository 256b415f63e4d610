import { stores } from "../src/suites/Stores.ts";

stores("memory");
