// The API server: what it is made of, and the way of a request through it.
import { KINDS } from "../../api/kinds/kinds.js";
import { Prng } from "../../base/prng.js";
import type { Timers } from "../../base/timers.js";
import type { ApiHandler, ApiRequest, ApiResponse } from "../protocol/api-request.js";
import type { Store } from "../store/store.js";
import {
  type Admission,
  type Authenticator,
  type Authorizer,
  admitAll,
  allowAll,
  LOOPBACK_ADMIN,
  trustingAuthenticator,
} from "./access.js";
import { answerOfFailure } from "./filters/answer-of-failure.js";
import { plainCodec } from "./object-codec.js";
import { noRules, noTracker } from "./object-rules.js";
import { unknownPath } from "./registry/api-failures.js";
import { BookmarkClock } from "./registry/bookmark-clock.js";
import type { Registry } from "./registry/resource-call.js";
import { ResourceRouter } from "./registry/resource-router.js";
import { requestInfo } from "./request-info.js";
import { ObjectStore } from "./storage/object-store.js";
import { resourcePrefix } from "./storage/storage-key.js";

export interface ApiServerOptions {
  readonly store: Store;
  readonly timers: Timers;
  /** For generated names and the spread of timeouts. */
  readonly prng: Prng;
  readonly newUid: () => string;
  readonly authenticator?: Authenticator;
  readonly authorizer?: Authorizer;
  readonly admission?: Admission;
}

export interface ApiServer extends ApiHandler {
  /** Ends all watches; the store stays open. */
  close(): void;
}

/** Reads what the store holds, then serves it. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const prefixes = new Set(KINDS.map(resourcePrefix));
  const objects = await ObjectStore.open(options.store, options.timers, prefixes);
  return new Server(options, objects);
}

class Server implements ApiServer {
  readonly #objects: ObjectStore;
  readonly #registry: Registry;
  readonly #router: ResourceRouter;
  readonly #authenticator: Authenticator;
  readonly #authorizer: Authorizer;

  constructor(options: ApiServerOptions, objects: ObjectStore) {
    this.#objects = objects;
    this.#authenticator = options.authenticator ?? trustingAuthenticator;
    this.#authorizer = options.authorizer ?? allowAll;
    this.#registry = {
      objects,
      timers: options.timers,
      prng: options.prng,
      newUid: options.newUid,
      admission: options.admission ?? admitAll,
      codec: plainCodec,
      rules: noRules,
      tracker: noTracker,
      bookmarks: new BookmarkClock(options.timers),
    };
    this.#router = new ResourceRouter(this.#registry, {});
  }

  async handle(request: ApiRequest): Promise<ApiResponse> {
    try {
      void this.#authenticator;
      void this.#authorizer;
      const info = requestInfo(request);
      if (!info.isResourceRequest) throw unknownPath();
      return await this.#router.handle(request, info, request.user ?? LOOPBACK_ADMIN);
    } catch (error) {
      return answerOfFailure(error);
    }
  }

  close(): void {
    this.#registry.bookmarks.close();
    this.#objects.close();
  }
}
