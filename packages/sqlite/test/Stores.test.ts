import { stores } from "@cadastre/testing/suites/Stores";

stores("sqlite");
stores("sqlite in memory");
