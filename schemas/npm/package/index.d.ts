/** A version of the APIs. */
export type ApiVersion = "v4" | "v5";

/** The classes of version 5: of TMF666, of subscriptions to events, and of TMF678. */
export type ClassNameV5 =
  | "PartyAccount"
  | "BillingAccount"
  | "SettlementAccount"
  | "FinancialAccount"
  | "BillFormat"
  | "BillPresentationMedia"
  | "BillingCycleSpecification"
  | "Hub"
  | "AppliedCustomerBillingRate"
  | "CustomerBill"
  | "CustomerBillOnDemand"
  | "BillCycle";

/** The classes of version 4. */
export type ClassNameV4 =
  | "PartyAccount"
  | "BillingAccount"
  | "SettlementAccount"
  | "FinancialAccount"
  | "BillFormat"
  | "BillPresentationMedia"
  | "BillingCycleSpecification"
  | "EventSubscription"
  | "AppliedCustomerBillingRate"
  | "CustomerBill"
  | "CustomerBillOnDemand";

/** The classes that a version has. */
export type ClassName<V extends ApiVersion = ApiVersion> = V extends "v4"
  ? ClassNameV4
  : ClassNameV5;

/** What is wrong with a document, and where, in the words of the server. */
export interface Fault {
  /**
   * Where, as a JSON Pointer (RFC 6901), such as `/relatedParty/0/role`. What is missing is pointed to
   * as if it were there. Empty: the document as a whole.
   */
  pointer: string;
  /** A sentence for people, such as `/name must be a string`. */
  message: string;
  /** What would be right, such as `must be a string`. */
  expected: string;
}

/**
 * Loads the validator; whatever else is imported can be called once it has. To call it again does
 * nothing. In Node.js there is nothing to wait for.
 *
 * @param source where `validator_bg.wasm` is, or its content, if not beside the module
 */
export default function init(
  source?: string | URL | Request | Response | BufferSource | WebAssembly.Module,
): Promise<void>;

/**
 * Everything that is wrong with a document by which a resource would be created; empty if nothing is.
 *
 * A server says the same of it, with the same pointers and words, before it looks at anything but the
 * document. It may still refuse it for what it knows beside: a reference that leads nowhere, an id that
 * is taken, amounts that do not add up.
 *
 * @param document the document, or its JSON text, in which numbers count as they are written (`100.10`)
 * @throws {Error} there is no such version or class; the text is no JSON, is nested more than 64 deep,
 *   or has more than 256 KiB; `init` is still to be awaited
 */
export function validate<V extends ApiVersion>(
  apiVersion: V,
  className: ClassName<V>,
  document: object | string,
): Fault[];

/**
 * What a document of one version is in the other.
 *
 * @param document the document, or its JSON text: then the answer is a text too, and has all numbers
 *   as they are written
 * @param className its class, if neither its `@type` nor its `@baseType` is one of the API
 * @throws {Error} the same as of `validate`, or the class is not known
 */
export function convert<V extends ApiVersion>(
  document: string,
  from: V,
  to: ApiVersion,
  className?: ClassName<V>,
): string;
export function convert<V extends ApiVersion>(
  document: object,
  from: V,
  to: ApiVersion,
  className?: ClassName<V>,
): Record<string, unknown>;

/** The classes that a version has. */
export function classes<V extends ApiVersion>(apiVersion: V): ClassName<V>[];
