/** @file What the hub's refusals mean. */
import { MissingFileError, WeightsError } from "../errors.ts";
import { nameOfUrl } from "../sources/http.ts";
import type { HubReference } from "./hub_reference.ts";

/** The typed error of a status that the hub's API answers. */
export function hubRefusal(
  endpoint: URL,
  { repo, revision }: HubReference,
  status: number,
  cause: unknown,
): WeightsError {
  const Failure = status === 404 ? MissingFileError : WeightsError;
  return new Failure(
    `Cannot open "${repo}": no such folder is here, and ${endpoint.host} answers ${status} for revision "${revision}", ` +
      "expected 200",
    remedyFor(endpoint, repo, status),
    { cause },
  );
}

function remedyFor(endpoint: URL, repo: string, status: number): string {
  switch (status) {
    case 401:
      return "Check the name; if the model is private or gated, give an access token (HF_TOKEN on the command line)";
    case 403:
      return `Accept the model's terms at ${
        nameOfUrl(new URL(repo, endpoint))
      } with the account of your access token`;
    case 404:
      return "Check the name and the revision";
    case 429:
      return "The hub limits requests; wait some minutes, or give an access token";
    default:
      return "The hub is busy or broken; try again later. What is cached can be used offline";
  }
}

/** The error of a hub that could not be reached, or that answered nonsense. */
export function hubUnreachable(endpoint: URL, { repo }: HubReference, cause: unknown): WeightsError {
  const is = cause instanceof Error ? cause.message : String(cause);
  return new WeightsError(
    `Cannot open "${repo}": no such folder is here, and asking ${endpoint.host} failed (${is}), expected an answer`,
    "Check the name, the network and (in Deno) --allow-net",
    { cause },
  );
}

/** The error of a model that is not in the cache while nothing may be fetched. */
export function notCached(cache: string, { repo, revision }: HubReference): WeightsError {
  return new WeightsError(
    `Cannot open "${repo}" offline: revision "${revision}" is not in the cache in ${cache}, expected it there`,
    "Load it once with the network",
  );
}
