import { stores } from "@cadastre/testing/suites/Stores";

stores("postgres 18");
