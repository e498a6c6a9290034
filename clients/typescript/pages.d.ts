// What the pages' scripts name in their JSDoc, without an import: static files rename what scripts import.
import type { components } from "./api";

declare global {
  type ApiShapes = components["schemas"];
}
