// The script of the Web Worker that trains.

import {serve} from "./session.js";

serve(globalThis);
